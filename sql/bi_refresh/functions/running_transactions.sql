-- The transactions of this database, but this one, that may have a snapshot from before now. For a session that the
-- caller may look into, only while it has one.
CREATE OR REPLACE FUNCTION bi_refresh.running_transactions()
RETURNS TABLE (transaction text, description text)
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    l.virtualxid,
    pg_catalog.format('process %s of %s since %s', a.pid, a.usename, coalesce(a.xact_start::text, 'some time'))
FROM pg_catalog.pg_locks AS l
INNER JOIN pg_catalog.pg_stat_activity AS a ON l.pid = a.pid
WHERE l.locktype = 'virtualxid'
    AND l.mode = 'ExclusiveLock'
    AND a.datid = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
    AND a.usesysid IS NOT NULL -- autovacuum reads nothing for anybody
    AND l.pid <> pg_catalog.pg_backend_pid()
    AND NOT (a.state IS NOT NULL AND a.backend_xmin IS NULL)
$$;
