-- Refreshes the views that the event queue asks for, each once however many requests wait for it, and returns how many were
-- refreshed. For psql and pg_cron; the task does the same with `vistafresca run --requested`, one transaction per view.
-- A view that fails keeps its requests, and so do those that read it; the others go on. Any number of sessions may call it at the
-- same time: each view is refreshed by one of them.
CREATE OR REPLACE FUNCTION bi_refresh.process_pending_mv_refreshes()
RETURNS integer
LANGUAGE plpgsql
-- As refresh_bi_views(): on PostgreSQL 16 and older only a view's owner may refresh it.
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view_lock CONSTANT integer := 1447449157; -- as in refresh_view()
    pending record;
    entry bi_refresh.mv_refresh_log;
    unserved text[] := '{}';
    refreshed integer := 0;
BEGIN
    PERFORM bi_refresh.require_nothing_deferred(NULL);
    FOR pending IN SELECT p.view_name, p.upstream FROM bi_refresh.pending_views() AS p LOOP
        -- The view's lock comes before the claim: so nobody ever waits for a claimed row, and nobody can deadlock over two views.
        IF pending.upstream && unserved
            OR NOT pg_catalog.pg_try_advisory_xact_lock(view_lock, bi_refresh.view_oid(pending.view_name)::integer)
        THEN
            unserved := unserved || pending.view_name;
            CONTINUE;
        END IF;
        -- Whoever had the lock before may have served them since they were listed.
        PERFORM FROM bi_refresh.mv_refresh_triggers AS t
        WHERE t.view_name = pending.view_name AND t.refresh_requested
        FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT found;

        entry := bi_refresh.refresh_view(pending.view_name, 'event', 'process_pending_mv_refreshes');
        IF entry.status = 'completed' THEN
            refreshed := refreshed + 1;
        ELSIF entry.status <> 'skipped' THEN
            unserved := unserved || pending.view_name;
        END IF;
        -- PostgreSQL's timer does not ring twice in one statement.
        EXIT WHEN entry.sqlstate = '57014';
    END LOOP;
    RETURN refreshed;
END
$$;
