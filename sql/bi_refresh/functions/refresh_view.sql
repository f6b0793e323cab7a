-- One attempt to refresh one view, with its log row. Whatever goes wrong becomes the row's outcome: the caller's transaction, and
-- the views it refreshed before, stay. Only the task's plan can say otherwise, for it tries again, and keeps groups whole.
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
    plan jsonb; -- NULL: a caller from psql or pg_cron
    on_error text;
    caller_lock_timeout CONSTANT text := pg_catalog.current_setting('lock_timeout');
    -- '30s', '5min', '0': each of its units is one of an interval's, and a look at pg_settings costs half a millisecond
    timeout CONSTANT interval := pg_catalog.current_setting('statement_timeout');
    requests bigint[];
    change record;
    chosen_strategy text; -- plain variables: they survive the rollback of the block below
    chosen_reason text;
    failure_sqlstate text;
    message text;
    detail text;
    timed_out boolean;
BEGIN
    log_id := bi_refresh.start_log(view_name, trigger_type, triggered_by);
    SELECT l.plan INTO plan FROM bi_refresh.mv_refresh_log AS l WHERE l.id = log_id;
    on_error := coalesce(plan ->> 'on_error', 'record');

    -- Two sessions refreshing one view would only wait for each other and then do the same work twice. Held to the end of the
    -- transaction, because the second must not start from a snapshot that misses the first one's commit.
    IF NOT pg_catalog.pg_try_advisory_xact_lock(view_lock, bi_refresh.view_oid(view_name)::integer) THEN
        IF on_error = 'raise' THEN
            -- A group without it would be torn: the task tries the whole group again.
            RAISE EXCEPTION 'another session is refreshing %', view_name || bi_refresh.view_lock_holder(bi_refresh.view_oid(view_name))
            USING ERRCODE = 'lock_not_available', TABLE = view_name;
        END IF;
        RETURN bi_refresh.record_skip(
            log_id,
            'another session is refreshing it' || bi_refresh.view_lock_holder(bi_refresh.view_oid(view_name))
            || '; the next call tries again. A session that hangs is ended by SELECT pg_terminate_backend(PROCESS)'
        );
    END IF;

    BEGIN
        -- psql and pg_cron set none: without one, a session idle in its transaction could hold us up for ever. (After an
        -- error the rollback of this block restores it.)
        IF caller_lock_timeout = '0' THEN
            PERFORM pg_catalog.set_config('lock_timeout', default_lock_timeout, true);
        END IF;
        -- Before the refresh's snapshot: a request seen here was made by a change that the refresh sees, too.
        requests := bi_refresh.waiting_requests(view_name);
        IF bi_refresh.is_incremental(view_name) THEN
            chosen_strategy := 'incremental';
            entry := bi_refresh.refresh_incrementally(log_id, view_name, plan);
        ELSE
            SELECT c.strategy, c.reason INTO chosen_strategy, chosen_reason FROM bi_refresh.choose_strategy(view_name, plan) AS c;
            change := bi_refresh.detect_change(view_name, plan);
            IF change.is_unchanged THEN
                entry := bi_refresh.record_unchanged(log_id, change.reason, change.fingerprint, change.fingerprint_ms);
            ELSE
                chosen_reason := pg_catalog.concat_ws('; ', change.reason, chosen_reason);
                UPDATE bi_refresh.mv_refresh_log AS l SET fingerprint_ms = change.fingerprint_ms WHERE l.id = log_id;
                entry := bi_refresh.execute_refresh(
                    log_id, chosen_strategy, chosen_reason, change.fingerprint, change.is_audit
                );
            END IF;
        END IF;
        IF requests <> '{}' THEN
            entry := bi_refresh.complete_requests(requests, log_id);
        END IF;
        PERFORM pg_catalog.set_config('lock_timeout', caller_lock_timeout, true);
        RETURN entry;
    EXCEPTION
        -- OTHERS includes neither: a view's timeout would undo the views before it, and the log.
        WHEN query_canceled OR assert_failure OR OTHERS THEN
            failure_sqlstate := sqlstate;
            GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
            -- The key that stands twice is worth its row of the log; other details may hold whole rows of data.
            message := pg_catalog.concat_ws(' ', message, CASE sqlstate WHEN '23505' THEN pg_catalog.left(detail, 500) END);
            -- PostgreSQL gives one SQLSTATE to a timeout and to a cancel request; the clock tells them apart, nearly: the timer
            -- starts a moment before statement_timestamp().
            timed_out := failure_sqlstate = '57014' AND timeout > '0'
                AND pg_catalog.clock_timestamp() - pg_catalog.statement_timestamp() >= 0.95 * timeout;
            IF timed_out THEN
                message := pg_catalog.format('%s (%s)', message, pg_catalog.current_setting('statement_timeout'));
            END IF;
            IF on_error = 'raise' OR (on_error = 'raise_transient' AND bi_refresh.is_transient(failure_sqlstate)) THEN
                -- The table's name tells the task which view of a group it was.
                RAISE EXCEPTION USING MESSAGE = message, ERRCODE = failure_sqlstate, TABLE = view_name;
            END IF;
            UPDATE bi_refresh.mv_refresh_log AS l
            SET strategy = chosen_strategy, reason = chosen_reason
            WHERE l.id = log_id;
            RETURN bi_refresh.record_failure(
                log_id,
                CASE WHEN failure_sqlstate = '57014' AND NOT timed_out THEN 'cancelled' ELSE 'failed' END,
                failure_sqlstate,
                message
            );
    END;
END
$$;
