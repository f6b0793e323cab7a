SELECT bi_refresh.swap_in_view(%(view)s, %(budget_ms)s * interval '1 ms')
