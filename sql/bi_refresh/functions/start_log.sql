-- The log row of an attempt that begins now in this session: the one that the task wrote and committed beforehand for this
-- server process, so that others see it running; otherwise a new one, for callers from psql or pg_cron.
CREATE OR REPLACE FUNCTION bi_refresh.start_log(view_name text, trigger_type text, triggered_by text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    log_id bigint;
    relation_oid CONSTANT oid := bi_refresh.view_oid(view_name);
BEGIN
    UPDATE bi_refresh.mv_refresh_log AS l
    SET started_at = pg_catalog.clock_timestamp(), view_oid = relation_oid
    WHERE l.id = (
        SELECT pg_catalog.max(mine.id)
        FROM bi_refresh.mv_refresh_log AS mine
        WHERE mine.status = 'running'
            AND mine.backend_pid = pg_catalog.pg_backend_pid()
            AND mine.view_name = start_log.view_name
            -- Not the row of a killed task whose server process had the same number.
            AND mine.created_at >= pg_catalog.pg_postmaster_start_time()
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_stat_activity AS a
                WHERE a.pid = mine.backend_pid AND a.backend_start > mine.created_at
            )
    )
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
