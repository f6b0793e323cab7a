-- The oldest transaction, of those that are not ours, whose snapshot or transaction id keeps dead rows of this database from being
-- removed. A VACUUM's keeps none: VACUUM and autovacuum leave each other's snapshots out of account, and so do we, for they may take
-- hours where nothing is wrong.
SELECT
    holder,
    extract(EPOCH FROM clock_timestamp() - began)::float8 AS age_s,
    date_trunc('second', began AT TIME ZONE 'UTC')::text AS since
FROM (
    SELECT
        format('session %%s (%%s)', a.pid, coalesce(nullif(a.application_name, ''), 'no application name')) AS holder,
        a.xact_start AS began
    FROM pg_stat_activity AS a
    WHERE (a.datname = current_database() OR a.backend_type = 'walsender')
        AND (a.backend_xmin IS NOT NULL OR a.backend_xid IS NOT NULL)
        AND NOT a.pid = any(%(our_pids)s::integer [])
        AND a.pid <> pg_backend_pid()
        AND a.backend_type <> 'autovacuum worker'
        AND NOT EXISTS (
            SELECT FROM pg_stat_progress_vacuum AS v
            WHERE v.pid = a.pid
        )
    UNION ALL
    SELECT
        format('prepared transaction %%L', p.gid),
        p.prepared
    FROM pg_prepared_xacts AS p
    WHERE p.database = current_database()
) AS held
WHERE began IS NOT NULL
ORDER BY began
LIMIT 1
