-- The standby that is furthest behind. A standby that has replayed everything has no lag: NULL.
SELECT
    application_name AS replica,
    coalesce(extract(EPOCH FROM replay_lag), 0)::float8 AS lag_s
FROM pg_stat_replication
ORDER BY lag_s DESC
LIMIT 1
