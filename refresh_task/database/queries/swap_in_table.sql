SELECT bi_refresh.swap_in_table(%(view)s, %(budget_ms)s * interval '1 ms')
