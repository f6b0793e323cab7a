SELECT bi_refresh.make_key_required(%(table)s)
