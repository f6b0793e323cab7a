-- Refreshes the managed views, upstream before downstream, and says what became of each: SUCCESS, 'SKIPPED: reason' or
-- 'ERROR: message'. The task calls it once per view; psql and pg_cron users call it for all of them at once.
--   views         names with or without schema; NULL: every enabled view
--   trigger_type  cron, event or manual; failures of manual refreshes are not counted against a view
-- A failing view leaves the others as they are. A cancelled call (statement_timeout, pg_cancel_backend) nearly always keeps what
-- it has done (docs/decisions/0004) and starts no further view, for PostgreSQL's timer does not ring twice in one statement.
CREATE OR REPLACE FUNCTION bi_refresh.refresh_bi_views(
    views text[] DEFAULT NULL, trigger_type text DEFAULT 'manual', triggered_by text DEFAULT current_user
)
RETURNS TABLE (vista_nombre text, tiempo_ms bigint, status text)
LANGUAGE plpgsql
-- On PostgreSQL 16 and older only a view's owner may refresh it: callers get that right through this function alone.
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    selected record;
    entry bi_refresh.mv_refresh_log;
    interrupted_at text;
BEGIN
    IF trigger_type IS NULL OR trigger_type NOT IN ('cron', 'event', 'manual') THEN
        RAISE EXCEPTION 'unknown trigger type: %', coalesce(trigger_type, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'One of: cron, event, manual.';
    END IF;

    PERFORM bi_refresh.require_nothing_deferred(views);
    PERFORM bi_refresh.lock_group_claims(views);
    FOR selected IN SELECT s.view_name, s.problem FROM bi_refresh.select_views(views) AS s LOOP
        IF selected.problem IS NOT NULL THEN
            entry := bi_refresh.record_failure(
                bi_refresh.start_log(selected.view_name, trigger_type, triggered_by), 'failed', '42704', selected.problem
            );
        ELSIF interrupted_at IS NOT NULL THEN
            entry := bi_refresh.record_skip(
                bi_refresh.start_log(selected.view_name, trigger_type, triggered_by),
                pg_catalog.format('the call was cancelled while refreshing %s', interrupted_at)
            );
        ELSE
            entry := bi_refresh.refresh_view(selected.view_name, trigger_type, triggered_by);
            IF entry.sqlstate = '57014' THEN
                interrupted_at := selected.view_name;
            END IF;
        END IF;

        vista_nombre := entry.view_name;
        tiempo_ms := entry.duration_ms;
        status := CASE entry.status
            WHEN 'completed' THEN 'SUCCESS'
            WHEN 'skipped' THEN 'SKIPPED: ' || entry.reason
            ELSE pg_catalog.concat_ws('. ', 'ERROR: ' || pg_catalog.rtrim(entry.error, '.'), entry.remedy)
        END;
        RETURN NEXT;
    END LOOP;
END
$$;
