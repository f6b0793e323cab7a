-- The attempts of the last hours, newest first, without the views that were left alone.
SELECT
    id,
    view_name,
    status,
    trigger_type,
    triggered_by,
    started_at,
    finished_at AS completed_at,
    duration_ms,
    rows_total AS rows_affected,
    sqlstate,
    error,
    remedy
FROM bi_refresh.mv_refresh_log
WHERE
    status <> 'skipped'
    AND created_at >= now() - %(hours)s * interval '1 hour'
    AND (%(view)s::text IS NULL OR view_name = %(view)s::text)
ORDER BY id DESC
LIMIT %(most)s
