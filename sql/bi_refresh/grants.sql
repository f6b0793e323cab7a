-- Who may do what. Runs at every migrate, after the functions.
--   the owner                whoever migrates: owns the schema, and refreshes views on behalf of the refresher
--   bi_refresh_refresher     the task's login role is a member of this one
--   bi_refresh_reader        for dashboards and people: sees what happened, changes nothing
--   bi_refresh_operator      the API's login role is a member of this one: sees what a reader sees, refreshes, reschedules. What it
--                            may read of the views that it publishes is for their owner to grant
-- Logs of changes hold values of base tables: nobody but the owner reads them.
DO $$
DECLARE
    group_role text;
BEGIN
    FOREACH group_role IN ARRAY ARRAY['bi_refresh_refresher', 'bi_refresh_reader', 'bi_refresh_operator'] LOOP
        IF pg_catalog.to_regrole(group_role) IS NULL THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN', group_role);
        END IF;
    END LOOP;
EXCEPTION
    -- another database of this server is being migrated at the same moment
    WHEN duplicate_object OR unique_violation THEN
        NULL;
    WHEN insufficient_privilege THEN
        RAISE WARNING 'not all of the roles bi_refresh_refresher, bi_refresh_reader and bi_refresh_operator could be created: '
            '% may not create roles', current_user
        USING HINT = 'Without them only the owner can do what they are for, until somebody creates them and vistafresca migrate '
            'runs again.';
        RETURN;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA bi_refresh FROM PUBLIC;

DO $$
BEGIN
    IF pg_catalog.to_regrole('bi_refresh_refresher') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA bi_refresh, bi_refresh_incremental TO bi_refresh_refresher;
        GRANT SELECT ON ALL TABLES IN SCHEMA bi_refresh TO bi_refresh_refresher;
        GRANT INSERT, UPDATE ON bi_refresh.mv_refresh_run, bi_refresh.mv_refresh_log TO bi_refresh_refresher;
        GRANT EXECUTE ON FUNCTION
            bi_refresh.refresh_bi_views(text[], text, text),
            bi_refresh.record_failure(bigint, text, text, text),
            bi_refresh.mark_abandoned(bigint),
            bi_refresh.resume_view(text),
            bi_refresh.record_vacuum(text, bigint),
            bi_refresh.purge_log(interval, integer),
            bi_refresh.compact_touches(),
            bi_refresh.find_restored(),
            bi_refresh.sync_captures(integer[]),
            bi_refresh.release_captures(),
            bi_refresh.distribute_changes(integer[]),
            bi_refresh.must_move(integer, integer),
            bi_refresh.changes_waiting(text),
            bi_refresh.is_incremental(text),
            bi_refresh.capture_problems(integer[]),
            bi_refresh.column_problems(oid, oid),
            bi_refresh.verify_unchanged(text[], text, text, bigint),
            bi_refresh.select_views(text[]),
            bi_refresh.find_view(text),
            bi_refresh.request_refresh(text, text, text),
            bi_refresh.request_refresh_on_change(),
            bi_refresh.process_pending_mv_refreshes(),
            bi_refresh.refresh_all_mv(),
            bi_refresh.mv_health_check(),
            bi_refresh.get_mv_stats(),
            bi_refresh.pending_views(),
            bi_refresh.view_oid(text),
            bi_refresh.adopt_views(),
            bi_refresh.drop_retired(interval),
            bi_refresh.outdated_proofs(),
            bi_refresh.views_by_pattern(text[]),
            bi_refresh.definitely_changed(text),
            bi_refresh.counters_since(),
            bi_refresh.direct_upstream_views(oid[]),
            bi_refresh.upstream_views(oid[]),
            bi_refresh.usable_unique_index(oid),
            bi_refresh.unique_index_ddl(oid),
            bi_refresh.key_columns(oid),
            bi_refresh.owner_of(oid),
            bi_refresh.duplicate_keys(text, integer)
        TO bi_refresh_refresher;
    END IF;
    IF pg_catalog.to_regrole('bi_refresh_reader') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA bi_refresh, bi_refresh_incremental TO bi_refresh_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA bi_refresh TO bi_refresh_reader;
        -- among them what `vistafresca plan` asks
        GRANT EXECUTE ON FUNCTION
            bi_refresh.mv_health_check(),
            bi_refresh.get_mv_stats(),
            bi_refresh.changes_waiting(text),
            bi_refresh.is_incremental(text),
            bi_refresh.capture_problems(integer[]),
            bi_refresh.column_problems(oid, oid),
            bi_refresh.find_view(text),
            bi_refresh.view_oid(text),
            bi_refresh.views_by_pattern(text[]),
            bi_refresh.definitely_changed(text),
            bi_refresh.counters_since(),
            bi_refresh.direct_upstream_views(oid[]),
            bi_refresh.upstream_views(oid[]),
            bi_refresh.usable_unique_index(oid),
            bi_refresh.unique_index_ddl(oid),
            bi_refresh.key_columns(oid),
            bi_refresh.owner_of(oid),
            bi_refresh.duplicate_keys(text, integer)
        TO bi_refresh_reader;
    END IF;
    IF pg_catalog.to_regrole('bi_refresh_operator') IS NOT NULL THEN
        GRANT USAGE ON SCHEMA bi_refresh, bi_refresh_incremental TO bi_refresh_operator;
        GRANT SELECT ON ALL TABLES IN SCHEMA bi_refresh TO bi_refresh_operator;
        GRANT INSERT, UPDATE ON bi_refresh.mv_refresh_run, bi_refresh.mv_refresh_log TO bi_refresh_operator;
        GRANT EXECUTE ON FUNCTION
            -- what `vistafresca refresh` does for named views
            bi_refresh.refresh_bi_views(text[], text, text),
            bi_refresh.record_failure(bigint, text, text, text),
            bi_refresh.verify_unchanged(text[], text, text, bigint),
            bi_refresh.must_move(integer, integer),
            bi_refresh.record_vacuum(text, bigint),
            bi_refresh.select_views(text[]),
            bi_refresh.refresh_all_mv(),
            bi_refresh.request_refresh(text, text, text),
            bi_refresh.claim_manual_refresh(text, text, integer, interval),
            bi_refresh.reschedule(text[], text, text),
            -- as a reader
            bi_refresh.mv_health_check(),
            bi_refresh.get_mv_stats(),
            bi_refresh.changes_waiting(text),
            bi_refresh.is_incremental(text),
            bi_refresh.capture_problems(integer[]),
            bi_refresh.column_problems(oid, oid),
            bi_refresh.find_view(text),
            bi_refresh.view_oid(text),
            bi_refresh.views_by_pattern(text[]),
            bi_refresh.definitely_changed(text),
            bi_refresh.counters_since(),
            bi_refresh.direct_upstream_views(oid[]),
            bi_refresh.upstream_views(oid[]),
            bi_refresh.usable_unique_index(oid),
            bi_refresh.unique_index_ddl(oid),
            bi_refresh.key_columns(oid),
            bi_refresh.owner_of(oid),
            bi_refresh.duplicate_keys(text, integer)
        TO bi_refresh_operator;
    END IF;
END
$$;
