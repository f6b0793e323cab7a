-- How large the logs and queues of captured changes are together; NULL: nothing is captured. Measuring one takes a lock for a moment,
-- so those that somebody holds or awaits exclusively are left out.
SELECT sum(pg_total_relation_size(c.oid))::bigint AS bytes
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname = 'bi_refresh_incremental'
    AND c.relkind = 'r'
    AND c.relname ~ '^(log|pending)_[0-9]+$'
    AND c.oid NOT IN (
        SELECT l.relation
        FROM pg_locks AS l
        INNER JOIN pg_database AS d ON l.database = d.oid
        WHERE l.relation IS NOT NULL AND l.mode = 'AccessExclusiveLock' AND d.datname = current_database()
    )
