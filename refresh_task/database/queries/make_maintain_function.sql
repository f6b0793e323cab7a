SELECT bi_refresh.make_maintain_function(%(table)s)
