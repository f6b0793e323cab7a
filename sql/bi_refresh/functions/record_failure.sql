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

    IF entry.trigger_type <> 'manual' AND failure_status <> 'cancelled' THEN
        INSERT INTO bi_refresh.view_state AS s (view_name, consecutive_failures, failing_since)
        SELECT p.view_name, 1, entry.started_at
        FROM bi_refresh.view_policy AS p
        WHERE p.view_name = entry.view_name
        ON CONFLICT ON CONSTRAINT view_state_pkey DO UPDATE
        SET consecutive_failures = s.consecutive_failures + 1,
            failing_since = coalesce(s.failing_since, excluded.failing_since);
    END IF;
    RETURN entry;
END
$$;
