-- The newest attempt of this session to refresh each view.
SELECT DISTINCT ON (view_name)
    view_name,
    id,
    status,
    duration_ms,
    rows_total,
    sqlstate,
    reason,
    error,
    remedy
FROM bi_refresh.mv_refresh_log
WHERE view_name = any(%(views)s) AND backend_pid = pg_backend_pid()
ORDER BY view_name ASC, id DESC
