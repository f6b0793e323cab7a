-- Those of the tables that this transaction itself has locked for writing. A table that it has truncated, it can truncate and
-- fill once more within the same file, under the same transaction number: the same physical state for other rows.
CREATE OR REPLACE FUNCTION bi_refresh.written_here(relations oid[])
RETURNS oid[]
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(pg_catalog.array_agg(DISTINCT l.relation), '{}')
FROM pg_catalog.pg_locks AS l
WHERE l.pid = pg_catalog.pg_backend_pid()
    AND l.locktype = 'relation'
    AND l.relation = ANY (relations)
    AND l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'SIReadLock')
$$;
