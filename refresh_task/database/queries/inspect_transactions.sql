-- The transactions in this database that keep dead rows from being removed, the oldest first; of other roles' sessions only with pg_read_all_stats.
SELECT
    a.pid,
    a.usename::text AS role_name,
    coalesce(nullif(a.application_name, ''), 'an unnamed application') AS application,
    a.state,
    extract(EPOCH FROM clock_timestamp() - a.xact_start)::float8 AS age_s
FROM pg_stat_activity AS a
WHERE a.xact_start IS NOT NULL
    AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)
    AND a.datname = current_database()
    AND a.pid <> pg_backend_pid()
    AND a.backend_type = 'client backend'
ORDER BY a.xact_start
LIMIT 5
