-- Refreshes the view of all transactions and tells what became of it, with the number of its entry in mv_refresh_log. For psql and
-- pg_cron; the task and the API go by the view's policy instead.
--   trigger_type   cron, event, manual, or test: a manual one that says so in triggered_by
--   triggered_by   a job or a person, for the log
--   rows_affected  how many rows the view has after the refresh; NULL where it was not refreshed
--   status         completed, skipped (another session is refreshing it), failed or cancelled; what went wrong comes as a WARNING,
--                  for an error would take the log's entry with it
CREATE OR REPLACE FUNCTION universal_transactions.refresh_universal_transactions_logged(
    trigger_type text DEFAULT 'manual', triggered_by text DEFAULT current_user
)
RETURNS TABLE (refresh_id bigint, duration_ms bigint, rows_affected bigint, status text)
LANGUAGE plpgsql
-- As refresh_bi_views(): on PostgreSQL 16 and older only a view's owner may refresh it.
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    this_view CONSTANT text := 'universal_transactions.universal_transactions_mv';
    is_test CONSTANT boolean := trigger_type = 'test';
    recorded_type CONSTANT text := CASE WHEN is_test THEN 'manual' ELSE trigger_type END;
    recorded_by CONSTANT text := pg_catalog.concat(CASE WHEN is_test THEN 'test: ' END, coalesce(triggered_by, session_user));
    problem text;
    entry bi_refresh.mv_refresh_log;
BEGIN
    IF recorded_type IS NULL OR recorded_type NOT IN ('cron', 'event', 'manual') THEN
        RAISE EXCEPTION 'unknown trigger type: %', coalesce(trigger_type, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'One of: cron, event, manual, test.';
    END IF;

    SELECT s.problem INTO problem FROM bi_refresh.select_views(ARRAY[this_view]) AS s;
    IF problem IS NULL THEN
        entry := bi_refresh.refresh_view(this_view, recorded_type, recorded_by);
    ELSE
        entry := bi_refresh.record_failure(
            bi_refresh.start_log(this_view, recorded_type, recorded_by), 'failed', '42704', problem
        );
    END IF;
    IF entry.status NOT IN ('completed', 'skipped') THEN
        RAISE WARNING '% was not refreshed: %', this_view, entry.error
        USING HINT = coalesce(entry.remedy, pg_catalog.format('Its entry in bi_refresh.mv_refresh_log is number %s.', entry.id));
    END IF;

    refresh_id := entry.id;
    duration_ms := entry.duration_ms;
    rows_affected := entry.rows_total;
    status := entry.status;
    RETURN NEXT;
END
$$;

-- It acts with its owner's rights, so nobody else may call it until the owner says so (docs/systems/universal_transactions.md).
REVOKE ALL ON FUNCTION universal_transactions.refresh_universal_transactions_logged(text, text) FROM PUBLIC;
