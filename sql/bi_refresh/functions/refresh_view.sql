-- One attempt to refresh one view, with its log row. Whatever goes wrong becomes the row's outcome: the caller's transaction, and
-- the views it refreshed before, stay.
CREATE OR REPLACE FUNCTION bi_refresh.refresh_view(view_name text, trigger_type text, triggered_by text)
RETURNS bi_refresh.mv_refresh_log
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- 'VFRE': the first key of all locks on single views, so that they never meet another application's.
    view_lock CONSTANT integer := 1447449157;
    default_lock_timeout CONSTANT text := '30s';
    log_id bigint;
    entry bi_refresh.mv_refresh_log;
    caller_lock_timeout CONSTANT text := pg_catalog.current_setting('lock_timeout');
    timeout_ms CONSTANT integer := (SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'statement_timeout');
    chosen_strategy text; -- plain variables: they survive the rollback of the block below
    chosen_reason text;
    message text;
    detail text;
    timed_out boolean;
BEGIN
    log_id := bi_refresh.start_log(view_name, trigger_type, triggered_by);

    -- Two sessions refreshing one view would only wait for each other and then do the same work twice. Held to the end of the
    -- transaction, because the second must not start from a snapshot that misses the first one's commit.
    IF NOT pg_catalog.pg_try_advisory_xact_lock(view_lock, bi_refresh.view_oid(view_name)::integer) THEN
        RETURN bi_refresh.record_skip(log_id, 'another session is refreshing it');
    END IF;

    BEGIN
        -- psql and pg_cron set none: without one, a session idle in its transaction could hold us up for ever. (After an
        -- error the rollback of this block restores it.)
        IF caller_lock_timeout = '0' THEN
            PERFORM pg_catalog.set_config('lock_timeout', default_lock_timeout, true);
        END IF;
        SELECT c.strategy, c.reason INTO chosen_strategy, chosen_reason FROM bi_refresh.choose_strategy(view_name) AS c;
        entry := bi_refresh.execute_refresh(log_id, chosen_strategy, chosen_reason);
        PERFORM pg_catalog.set_config('lock_timeout', caller_lock_timeout, true);
        RETURN entry;
    EXCEPTION
        -- OTHERS includes neither: a view's timeout would undo the views before it, and the log.
        WHEN query_canceled OR assert_failure OR OTHERS THEN
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
            -- PostgreSQL gives one SQLSTATE to a timeout and to a cancel request; the clock tells them apart, nearly: the timer
            -- starts a moment before statement_timestamp().
            timed_out := sqlstate = '57014' AND timeout_ms > 0
                AND pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp() >= timeout_ms * interval '0.95 ms';
            IF timed_out THEN
                message := pg_catalog.format('%s (%s)', message, pg_catalog.current_setting('statement_timeout'));
            END IF;
            UPDATE bi_refresh.mv_refresh_log AS l
            SET strategy = chosen_strategy, reason = chosen_reason
            WHERE l.id = log_id;
            RETURN bi_refresh.record_failure(
                log_id,
                CASE WHEN sqlstate = '57014' AND NOT timed_out THEN 'cancelled' ELSE 'failed' END,
                sqlstate,
                -- The key that stands twice is worth its row of the log; other details may hold whole rows of data.
                pg_catalog.concat_ws(' ', message, CASE sqlstate WHEN '23505' THEN pg_catalog.left(detail, 500) END)
            );
    END;
END
$$;
