-- Refreshes a view that is kept by maintained tables, in the caller's transaction, and records the outcome: stage by stage in the
-- order of their positions, the output last. Raises whatever stands in the way; the caller's block undoes all of it then, claims
-- included, and the view keeps its last good rows.
CREATE OR REPLACE FUNCTION bi_refresh.refresh_incrementally(log_id bigint, view_name text, plan jsonb)
RETURNS bi_refresh.mv_refresh_log
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    began_at CONSTANT timestamptz := pg_catalog.clock_timestamp();
    keeps_snapshot CONSTANT boolean := pg_catalog.current_setting('transaction_isolation') <> 'read committed';
    snapshot_at CONSTANT timestamptz :=
        CASE WHEN keeps_snapshot THEN pg_catalog.transaction_timestamp() ELSE pg_catalog.clock_timestamp() END;
    took_ms double precision;
    state record;
    structures jsonb;
    asked_reason text;
    target bi_refresh.maintained_table;
    outcome record;
    output bi_refresh.maintained_table;
    inserted bigint;
    deleted bigint;
    reasons text[] := '{}';
    strategies text[] := '{}';
    keys bigint := 0;
    total bigint;
    entry bi_refresh.mv_refresh_log;
    session_before record;
BEGIN
    state := bi_refresh.lock_incremental_view(view_name);
    SELECT pg_catalog.jsonb_object_agg(s.table_id, s.structure) INTO structures
    FROM bi_refresh.maintained_structures(ARRAY[refresh_incrementally.view_name]) AS s;
    IF keeps_snapshot AND NOT state.is_distrusted AND NOT state.is_audit
        -- somebody wants it made anew whatever is known of changes
        AND plan ->> 'fingerprinting' IS DISTINCT FROM 'keep'
        AND bi_refresh.nothing_changed(view_name, structures)
    THEN
        took_ms := 1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - began_at);
        RETURN bi_refresh.record_unchanged(
            log_id,
            bi_refresh.describe_unchanged_tables(view_name, state.fingerprint, took_ms),
            coalesce(state.fingerprint, bi_refresh.maintained_fingerprint(view_name)),
            took_ms
        );
    END IF;

    session_before := bi_refresh.session_state();
    PERFORM bi_refresh.lock_claims(ARRAY[view_name], view_name);
    asked_reason := CASE
        WHEN state.is_distrusted THEN pg_catalog.concat_ws(': ', 'it is distrusted', state.distrust_reason)
        WHEN state.refresh_mode = 'full' THEN 'its policy says refresh_mode = "full"'
        WHEN plan ->> 'strategy' = 'difference' THEN 'it was asked for'
        WHEN NOT keeps_snapshot THEN 'the transaction is READ COMMITTED, and has no snapshot of its own'
    END;
    FOR target IN
        SELECT m.* FROM bi_refresh.maintained_table AS m
        WHERE m.view_name = refresh_incrementally.view_name
        ORDER BY m.position
    LOOP
        outcome := bi_refresh.refresh_table(target, structures ->> target.id::text, asked_reason, state.is_audit, log_id);
        strategies := strategies || outcome.strategy;
        reasons := reasons || outcome.reasons;
        keys := keys + coalesce(outcome.changed_keys, 0);
        -- what readers see; while the view is redefined, tables come after it that nobody sees yet
        IF target.stage IS NULL THEN
            output := target;
            inserted := outcome.inserted;
            deleted := outcome.deleted;
            total := coalesce(outcome.total, state.rows_total + inserted - deleted);
        END IF;
    END LOOP;

    IF keeps_snapshot THEN
        PERFORM bi_refresh.require_unaltered(ARRAY(
            SELECT r.relation
            FROM bi_refresh.maintained_table AS m
            CROSS JOIN LATERAL pg_catalog.unnest(m.relations || m.relation) AS r (relation)
            WHERE m.view_name = refresh_incrementally.view_name
        ));
    END IF;
    IF total IS NULL AND output.definition IS NOT NULL THEN
        total := bi_refresh.ask_as_owner(output.id, pg_catalog.format(
            'SELECT pg_catalog.to_jsonb(pg_catalog.count(*)) FROM %s', output.relation::pg_catalog.regclass
        ));
    ELSIF total IS NULL AND bi_refresh.may_be_counted(output.relation) THEN
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s', view_name) INTO total;
    END IF;
    PERFORM bi_refresh.require_session_state(session_before);
    PERFORM bi_refresh.run_checks(view_name, state.rows_total, total);

    UPDATE bi_refresh.mv_refresh_log AS l
    SET strategy = CASE
            WHEN 'difference' = ANY (strategies) THEN 'difference'
            WHEN 'concurrent' = ANY (strategies) AND NOT 'incremental' = ANY (strategies) THEN 'concurrent'
            ELSE 'incremental'
        END,
        reason = nullif(pg_catalog.array_to_string(ARRAY(SELECT DISTINCT r.reason FROM pg_catalog.unnest(reasons) AS r (reason)), '; '), ''),
        view_oid = bi_refresh.view_oid(l.view_name),
        changed_keys = CASE WHEN 'incremental' = ANY (strategies) THEN keys END
    WHERE l.id = log_id;
    entry := bi_refresh.record_success(
        log_id, snapshot_at, inserted, deleted, total, bi_refresh.maintained_fingerprint(view_name)
    );
    RETURN entry;
END
$$;
