-- What stands under an incremental view's name cannot be written, as a materialized view could not: not by its owner,
-- nor through a view on it, which PostgreSQL lets people write to when it reads a table. Whoever refreshes it holds
-- the view's lock.
CREATE OR REPLACE FUNCTION bi_refresh.refuse_writes()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view_lock CONSTANT integer := 1447449157; -- as in refresh_view()
BEGIN
    IF NOT EXISTS (
        SELECT FROM pg_catalog.pg_locks AS l
        WHERE l.locktype = 'advisory'
            AND l.pid = pg_catalog.pg_backend_pid()
            AND l.classid = view_lock::oid
            AND l.objid = TG_RELID
            AND l.granted
    ) THEN
        RAISE EXCEPTION 'cannot change materialized view "%"', TG_TABLE_NAME
        USING ERRCODE = 'wrong_object_type', HINT = 'Vistafresca keeps its rows: SELECT * FROM bi_refresh.refresh_bi_views(...);';
    END IF;
    RETURN NULL;
END
$$;
