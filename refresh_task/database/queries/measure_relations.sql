-- The size of the given relations' rows, without indexes. Asking for it takes a lock for a moment, so those that somebody holds or
-- awaits exclusively are left out.
SELECT
    c.oid,
    pg_relation_size(c.oid) AS size_bytes
FROM pg_class AS c
WHERE c.oid = any(%(relations)s::oid [])
    AND c.oid NOT IN (
        SELECT l.relation
        FROM pg_locks AS l
        INNER JOIN pg_database AS d ON l.database = d.oid
        WHERE l.relation IS NOT NULL AND l.mode = 'AccessExclusiveLock' AND d.datname = current_database()
    )
