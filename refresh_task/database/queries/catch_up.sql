SELECT bi_refresh.catch_up(%(view)s)
