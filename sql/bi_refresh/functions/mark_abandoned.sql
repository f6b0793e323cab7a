-- Ends the log rows and runs that a killed task left running. For the holder of the run lock only: it knows that no other run is
-- under way. A row whose server process still lives is another session's refresh (the API's, say) and is let be.
CREATE OR REPLACE FUNCTION bi_refresh.mark_abandoned(current_run_id bigint)
RETURNS SETOF bi_refresh.mv_refresh_log
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    leftover record;
    entry bi_refresh.mv_refresh_log;
BEGIN
    UPDATE bi_refresh.mv_refresh_run AS r
    SET status = 'abandoned'
    WHERE r.status = 'running' AND r.id <> current_run_id;

    FOR leftover IN
        SELECT l.id
        FROM bi_refresh.mv_refresh_log AS l
        WHERE l.status = 'running'
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_stat_activity AS a
                -- The number may have gone to a newer process meanwhile.
                WHERE a.pid = l.backend_pid AND coalesce(a.backend_start <= l.created_at, true)
            )
        ORDER BY l.id
    LOOP
        entry := bi_refresh.record_failure(
            leftover.id, 'abandoned', NULL,
            'the task ended without writing an outcome (killed, or its host was lost); the view keeps its last good data'
        );
        RETURN NEXT entry;
    END LOOP;
END
$$;
