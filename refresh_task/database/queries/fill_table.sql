SELECT bi_refresh.fill_table(%(table)s)
