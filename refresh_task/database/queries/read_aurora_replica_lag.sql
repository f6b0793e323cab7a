-- The reader that is furthest behind (https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora_replica_status.html).
SELECT
    server_id AS replica,
    coalesce(replica_lag_in_msec, 0)::float8 / 1000 AS lag_s
FROM aurora_replica_status()
WHERE session_id <> 'MASTER_SESSION_ID'
ORDER BY lag_s DESC
LIMIT 1
