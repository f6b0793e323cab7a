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
FROM bi_refresh.verify_unchanged(%(views)s::text[], %(trigger_type)s, %(triggered_by)s, %(run_id)s::bigint)
