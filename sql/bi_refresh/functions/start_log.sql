-- The log row of an attempt that begins now in this session: the one that the task wrote and committed beforehand for this
-- server process, so that others see it running; otherwise a new one, for callers from psql or pg_cron.
CREATE OR REPLACE FUNCTION bi_refresh.start_log(view_name text, trigger_type text, triggered_by text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_id bigint;
    -- Only a managed view's name: to_regclass() raises for some of the things that a caller may write.
    relation_oid CONSTANT oid := (
        SELECT pg_catalog.to_regclass(p.view_name) FROM bi_refresh.view_policy AS p WHERE p.view_name = start_log.view_name
    );
BEGIN
    UPDATE bi_refresh.mv_refresh_log AS l
    SET started_at = pg_catalog.clock_timestamp(), view_oid = relation_oid
    WHERE l.status = 'running'
        AND l.backend_pid = pg_catalog.pg_backend_pid()
        AND l.view_name = start_log.view_name
    RETURNING l.id INTO log_id;

    IF log_id IS NULL THEN
        INSERT INTO bi_refresh.mv_refresh_log AS l (view_name, view_oid, trigger_type, triggered_by, backend_pid)
        VALUES (
            start_log.view_name, relation_oid, start_log.trigger_type, start_log.triggered_by,
            pg_catalog.pg_backend_pid()
        )
        RETURNING l.id INTO log_id;
    END IF;
    RETURN log_id;
END
$$;
