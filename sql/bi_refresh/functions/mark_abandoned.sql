-- Ends the log rows and runs that a killed task left running. For the holder of the run lock of its kind only: it knows that no
-- other run of that kind is under way; another kind's may be, and is let be with its rows. Runs that people start take no lock: they
-- are given a day. A row whose server process still lives is another session's refresh (the API's, say) and is let be, too.
CREATE OR REPLACE FUNCTION bi_refresh.mark_abandoned(current_run_id bigint)
RETURNS SETOF bi_refresh.mv_refresh_log
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    caller_lock_timeout CONSTANT text := pg_catalog.current_setting('lock_timeout');
    current_kind CONSTANT text := (SELECT r.kind FROM bi_refresh.mv_refresh_run AS r WHERE r.id = current_run_id);
    leftover record;
    entry bi_refresh.mv_refresh_log;
BEGIN
    UPDATE bi_refresh.mv_refresh_run AS r
    SET status = 'abandoned'
    WHERE r.status = 'running' AND r.id <> current_run_id
        AND CASE r.kind
            WHEN 'manual' THEN r.started_at < pg_catalog.now() - interval '1 day'
            ELSE r.kind = current_kind
        END;

    FOR leftover IN
        SELECT l.id
        FROM bi_refresh.mv_refresh_log AS l
        WHERE l.status = 'running'
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_stat_activity AS a
                -- The number may have gone to a newer process meanwhile.
                WHERE a.pid = l.backend_pid AND coalesce(a.backend_start <= l.created_at, true)
            )
            -- Between two tries, a step of a run that is under way has no server process.
            AND NOT EXISTS (
                SELECT FROM bi_refresh.mv_refresh_run AS r
                WHERE r.id = l.run_id AND r.status = 'running'
            )
        ORDER BY l.id
    LOOP
        BEGIN
            -- Somebody's open transaction may hold the row or its view's state: that one is left to the next run.
            PERFORM pg_catalog.set_config('lock_timeout', '1s', true);
            entry := bi_refresh.record_failure(
                leftover.id, 'abandoned', NULL,
                'the task ended without writing an outcome (killed, or its host was lost); the view keeps its last good data'
            );
            RETURN NEXT entry;
        EXCEPTION
            WHEN lock_not_available THEN
                CONTINUE;
        END;
    END LOOP;
    PERFORM pg_catalog.set_config('lock_timeout', caller_lock_timeout, true);
END
$$;
