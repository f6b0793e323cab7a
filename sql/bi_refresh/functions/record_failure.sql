-- Ends the log row of an attempt that brought no new data, and counts it against the view. Called by refresh_view() in its own
-- transaction, and by the task on its second connection where the statement's transaction is lost.
CREATE OR REPLACE FUNCTION bi_refresh.record_failure(
    log_id bigint, failure_status text, failure_sqlstate text, message text
)
RETURNS bi_refresh.mv_refresh_log
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry bi_refresh.mv_refresh_log;
    suspension text;
BEGIN
    UPDATE bi_refresh.mv_refresh_log AS l
    SET status = failure_status,
        finished_at = pg_catalog.clock_timestamp(),
        duration_ms = pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - l.started_at) * 1000,
        sqlstate = failure_sqlstate,
        error = message,
        remedy = CASE WHEN failure_status = 'failed' THEN bi_refresh.remedy(l.view_name, failure_sqlstate) END
    -- 'running': an outcome that was committed before the connection broke stands
    WHERE l.id = log_id AND l.status = 'running'
    RETURNING l.* INTO entry;

    IF NOT found THEN
        SELECT l.* INTO entry FROM bi_refresh.mv_refresh_log AS l WHERE l.id = log_id;
        RETURN entry;
    END IF;

    IF entry.trigger_type <> 'manual' AND failure_status IN ('failed', 'abandoned') THEN
        suspension := bi_refresh.count_failure(entry.view_name, entry.started_at, entry.run_id IS NOT NULL);
        IF suspension IS NOT NULL THEN
            UPDATE bi_refresh.mv_refresh_log AS l
            SET remedy = pg_catalog.concat_ws(' ', l.remedy, suspension)
            WHERE l.id = log_id
            RETURNING l.* INTO entry;
        END IF;
    END IF;
    RETURN entry;
END
$$;
