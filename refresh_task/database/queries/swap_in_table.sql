SELECT bi_refresh.swap_in_table(%(view)s, %(table)s, %(budget_ms)s * interval '1 ms', %(taken_along)s::jsonb)
