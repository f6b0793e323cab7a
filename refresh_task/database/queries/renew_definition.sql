SELECT bi_refresh.renew_definition(%(table)s)
