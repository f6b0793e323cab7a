-- Transactions prepared for a two-phase commit in this database and not ended, the oldest first.
SELECT
    p.gid,
    p.owner::text AS role_name,
    extract(EPOCH FROM clock_timestamp() - p.prepared)::float8 AS age_s
FROM pg_prepared_xacts AS p
WHERE p.database = current_database()
ORDER BY p.prepared
LIMIT 5
