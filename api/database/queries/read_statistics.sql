SELECT
    view_name,
    is_populated,
    row_count,
    total_size,
    total_bytes,
    has_unique_index,
    last_refresh,
    last_duration_ms,
    last_status,
    freshness
FROM bi_refresh.get_mv_stats()
WHERE view_name = any(%(views)s)
