-- The newest attempt of this session to refresh a view.
SELECT
    id,
    status,
    duration_ms,
    rows_total,
    sqlstate,
    reason,
    error,
    remedy
FROM bi_refresh.mv_refresh_log
WHERE view_name = %(view)s AND backend_pid = pg_backend_pid()
ORDER BY id DESC
LIMIT 1
