-- The relations of this database that this transaction holds a lock on: everything it has read or written, system catalogs
-- excepted. Locks are not MVCC: this is the present.
CREATE OR REPLACE FUNCTION bi_refresh.held_relations()
RETURNS oid[]
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(pg_catalog.array_agg(DISTINCT l.relation), '{}')
FROM pg_catalog.pg_locks AS l
INNER JOIN pg_catalog.pg_database AS d ON l.database = d.oid
WHERE d.datname = pg_catalog.current_database()
    AND l.pid = pg_catalog.pg_backend_pid()
    AND l.locktype = 'relation'
    AND l.granted
    AND l.mode <> 'SIReadLock'
    AND l.relation >= 16384
$$;
