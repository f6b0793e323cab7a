SELECT
    id,
    run_id,
    view_name,
    status,
    strategy,
    reason,
    trigger_type,
    triggered_by,
    started_at,
    duration_ms,
    data_timestamp,
    rows_inserted,
    rows_deleted,
    rows_total,
    changed_keys,
    attempts,
    requests_served,
    sqlstate,
    error,
    remedy
FROM bi_refresh.mv_refresh_log
WHERE (%(view)s::text IS NULL OR %(view)s::text IN (view_name, split_part(view_name, '.', 2)))
    AND (%(status)s::text IS NULL OR status = %(status)s::text)
ORDER BY id DESC
LIMIT %(most)s
