SELECT bi_refresh.swap_in_view(
    %(view)s, %(successor)s::oid, %(snapshot_at)s, %(budget_ms)s * interval '1 ms', %(taken_along)s::jsonb
)
