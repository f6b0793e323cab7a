DO $$
DECLARE
    enabled CONSTANT text := (
        SELECT pg_catalog.string_agg(v.view_name, ', ' ORDER BY v.view_name) FROM bi_refresh.incremental_view AS v
    );
BEGIN
    IF enabled IS NOT NULL THEN
        RAISE EXCEPTION 'views are refreshed incrementally: %', enabled
        USING HINT = 'Give them back first: vistafresca incremental disable VIEW.';
    END IF;
    -- what was captured for views that are given back
    PERFORM bi_refresh.release_captures();
    IF EXISTS (SELECT FROM bi_refresh.captured_table) THEN
        RAISE EXCEPTION 'changes of tables are still captured: %', (
            SELECT pg_catalog.string_agg(c.relation::pg_catalog.regclass::text, ', ' ORDER BY c.relation)
            FROM bi_refresh.captured_table AS c
        )
        USING HINT = 'Try again when the transactions that use them have ended.';
    END IF;
END
$$;

-- Public aliases stand for today's functions and columns; migrate --public-aliases makes the older version's anew.
DO $$
DECLARE
    alias record;
BEGIN
    FOR alias IN
        SELECT pg_class.oid::pg_catalog.regclass AS name
        FROM pg_catalog.pg_class
        WHERE pg_class.relnamespace = 'public'::pg_catalog.regnamespace
            AND pg_class.relkind = 'v'
            AND pg_catalog.starts_with(
                pg_catalog.obj_description(pg_class.oid, 'pg_class'), 'Vistafresca: another name for bi_refresh.'
            )
    LOOP
        EXECUTE pg_catalog.format('DROP VIEW %s', alias.name);
    END LOOP;

    FOR alias IN
        SELECT pg_proc.oid::pg_catalog.regprocedure AS signature
        FROM pg_catalog.pg_proc
        WHERE pg_proc.pronamespace = 'public'::pg_catalog.regnamespace
            AND pg_catalog.starts_with(
                pg_catalog.obj_description(pg_proc.oid, 'pg_proc'), 'Vistafresca: another name for bi_refresh.'
            )
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', alias.signature);
    END LOOP;
END
$$;

-- Views are made anew at every migrate.
DROP VIEW IF EXISTS bi_refresh.mv_refresh_metrics;
DROP VIEW IF EXISTS bi_refresh.view_status;

-- Functions that an older version would not know to remove. Those that it has stay: triggers on other tables may call
-- them.
DO $$
DECLARE
    older CONSTANT text[] := ARRAY[
        'adopt_views', 'assemble_fingerprint', 'choose_strategy', 'claim_manual_refresh', 'classify_views',
        'code_digest', 'compact_touches', 'complete_requests', 'contents_version', 'count_failure', 'count_of',
        'counters_since', 'covered_relations', 'create_public_alias', 'current_moments', 'definitely_changed',
        'describe_unchanged', 'detect_change', 'direct_upstream_views', 'drop_public_aliases', 'duplicate_keys',
        'environment_digest', 'execute_refresh', 'find_view', 'fingerprint_changes', 'fingerprint_scope',
        'get_mv_stats', 'held_relations', 'insert_request', 'is_transient', 'key_columns', 'learn_detection',
        'lock_holders', 'lock_tables', 'lock_views', 'mark_abandoned', 'may_be_counted', 'moved_relation',
        'mv_health_check', 'oldest_data_timestamp', 'outage_remedy', 'owner_of', 'pending_views', 'physical_state',
        'process_pending_mv_refreshes', 'purge_log', 'record_failure', 'record_skip', 'record_success', 'record_touch',
        'record_unchanged', 'record_vacuum', 'refresh_all_mv', 'refresh_bi_views', 'refresh_view',
        'relations_to_watch', 'remedy', 'report_audit', 'request_refresh', 'request_refresh_on_change',
        'require_unmoved', 'reschedule', 'resume_view', 'run_checks', 'run_custom_check', 'select_views',
        'set_touch_trigger', 'start_log', 'sync_touch_triggers', 'system_identifier', 'table_states',
        'take_fingerprint', 'touch_states', 'unchanged_views', 'unforeseen_reads', 'unique_index_ddl',
        'upstream_views', 'usable_unique_index', 'verify_unchanged', 'view_oid', 'view_sources', 'view_structures',
        'views_by_pattern', 'waiting_requests', 'why_not_readable', 'written_here'
    ];
    object record;
BEGIN
    FOR object IN
        SELECT p.oid::pg_catalog.regprocedure AS signature
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'bi_refresh'::pg_catalog.regnamespace AND p.proname <> ALL (older)
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION IF EXISTS %s CASCADE', object.signature);
    END LOOP;
END
$$;

DROP TABLE bi_refresh.incremental_mismatch;
DROP TABLE bi_refresh.maintained_source;
DROP TABLE bi_refresh.maintained_table;
DROP TABLE bi_refresh.incremental_view;
DROP TABLE bi_refresh.captured_table;
DROP SCHEMA bi_refresh_as_owner;
DROP SCHEMA bi_refresh_incremental;

ALTER TABLE bi_refresh.mv_refresh_log
DROP CONSTRAINT mv_refresh_log_strategy_is_known,
DROP COLUMN changed_keys;
UPDATE bi_refresh.mv_refresh_log SET strategy = 'concurrent'
WHERE strategy IN ('incremental', 'difference');
ALTER TABLE bi_refresh.mv_refresh_log
ADD CONSTRAINT mv_refresh_log_strategy_is_known CHECK (strategy IN ('skip', 'concurrent', 'exclusive'));

ALTER TABLE bi_refresh.view_policy
DROP COLUMN refresh_mode,
DROP COLUMN incremental_key,
DROP COLUMN incremental_stages;
