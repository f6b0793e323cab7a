-- Who has the lock that one refresh of a view at a time takes, in words for people; empty: nobody any more. Any role that may connect
-- can have it, and need not be refreshing anything.
CREATE OR REPLACE FUNCTION bi_refresh.view_lock_holder(relation oid)
RETURNS text
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(
    pg_catalog.string_agg(
        DISTINCT coalesce(
            pg_catalog.format(
                ' (process %s of %s%s)', l.pid, coalesce(a.usename, a.backend_type),
                -- other roles' transactions are not for everybody to see
                ' since ' || coalesce(a.xact_start, a.state_change, a.backend_start)
            ),
            ' (a prepared transaction, see pg_prepared_xacts)'
        ), ''
    ), ''
)
FROM pg_catalog.pg_locks AS l
LEFT JOIN pg_catalog.pg_stat_activity AS a ON l.pid = a.pid
WHERE l.locktype = 'advisory'
    AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
    AND l.classid = 1447449157 -- as in refresh_view()
    AND l.objid = view_lock_holder.relation
    AND l.objsubid = 2
    AND l.granted
    AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
$$;
