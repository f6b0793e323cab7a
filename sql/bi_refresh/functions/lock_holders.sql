-- Who writes to a table now, or keeps it locked, in words for people; NULL: nobody.
CREATE OR REPLACE FUNCTION bi_refresh.lock_holders(relation oid)
RETURNS text
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.string_agg(
    DISTINCT coalesce(
        pg_catalog.format('process %s of %s since %s', l.pid, a.usename, a.xact_start),
        'a prepared transaction, see pg_prepared_xacts'
    ), ', '
)
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON l.pid = a.pid
WHERE l.locktype = 'relation'
    AND l.relation = lock_holders.relation
    AND l.granted
    AND l.mode NOT IN ('AccessShareLock', 'RowShareLock')
    AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
$$;
