SELECT
    view_name AS view,
    status,
    strategy,
    reason,
    coalesce(duration_ms, 0) / 1000.0::float8 AS duration_s,
    rows_inserted,
    rows_deleted,
    rows_total,
    changed_keys,
    sqlstate,
    error AS message,
    remedy,
    attempts,
    requests_served
FROM bi_refresh.mv_refresh_log
WHERE id = %(log_id)s
