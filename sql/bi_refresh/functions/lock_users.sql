-- Who uses a relation now, be it only to read, in words for people: of whom a lock against everybody has to wait for. NULL: nobody.
CREATE OR REPLACE FUNCTION bi_refresh.lock_users(relation oid)
RETURNS text
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.string_agg(
    DISTINCT coalesce(
        pg_catalog.format('process %s of %s since %s', l.pid, coalesce(a.usename, a.backend_type), a.xact_start),
        'a prepared transaction, see pg_prepared_xacts'
    ), ', '
)
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON l.pid = a.pid
WHERE l.locktype = 'relation'
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
    AND l.relation = lock_users.relation
    AND l.granted
    AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
$$;
