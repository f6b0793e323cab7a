SELECT bi_refresh.make_key_indexes(%(table)s)
