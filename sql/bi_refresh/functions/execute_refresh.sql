-- Refreshes one view by the strategy chosen, in the caller's transaction, and records the success. Raises whatever the refresh
-- raises.
--   fingerprint   of what the view's contents will be made from; NULL: not taken
--   is_audit      nothing changed since its last refresh: the same rows must come out
CREATE OR REPLACE FUNCTION bi_refresh.execute_refresh(
    log_id bigint, strategy text, reason text, fingerprint jsonb DEFAULT NULL, is_audit boolean DEFAULT false
)
RETURNS bi_refresh.mv_refresh_log
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry bi_refresh.mv_refresh_log;
    snapshot_at timestamptz;
    inserted_before bigint;
    deleted_before bigint;
    held_before CONSTANT oid[] := CASE WHEN fingerprint IS NOT NULL THEN bi_refresh.held_relations() END;
    refreshed_oid oid;
    inserted bigint;
    deleted bigint;
    total bigint;
    unforeseen text;
    finding text;
BEGIN
    UPDATE bi_refresh.mv_refresh_log AS l
    SET strategy = execute_refresh.strategy, reason = execute_refresh.reason
    WHERE l.id = log_id
    RETURNING l.* INTO STRICT entry;

    inserted_before := pg_catalog.pg_stat_get_xact_tuples_inserted(entry.view_oid);
    deleted_before := pg_catalog.pg_stat_get_xact_tuples_deleted(entry.view_oid);
    -- The moment before the statement takes its snapshot, or before the transaction took its own: the data is at least this new.
    snapshot_at := CASE pg_catalog.current_setting('transaction_isolation')
        WHEN 'read committed' THEN pg_catalog.clock_timestamp()
        ELSE pg_catalog.transaction_timestamp()
    END;
    EXECUTE pg_catalog.format(
        'REFRESH MATERIALIZED VIEW %s %s',
        CASE execute_refresh.strategy WHEN 'concurrent' THEN 'CONCURRENTLY' ELSE '' END, entry.view_name
    );

    -- From here on the refresh's lock holds the name to its relation; before, the view may have been dropped and created again.
    UPDATE bi_refresh.mv_refresh_log AS l
    SET view_oid = bi_refresh.view_oid(l.view_name)
    WHERE l.id = log_id
    RETURNING l.view_oid INTO refreshed_oid;
    IF fingerprint IS NOT NULL THEN
        -- its locks hold what it read, too
        PERFORM bi_refresh.require_unmoved(bi_refresh.covered_relations(fingerprint));
        unforeseen := bi_refresh.unforeseen_reads(refreshed_oid, fingerprint, held_before);
    END IF;

    IF bi_refresh.may_be_counted(refreshed_oid) THEN
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s', entry.view_name) INTO total;
    END IF;
    IF execute_refresh.strategy = 'exclusive' THEN
        -- It filled a new file, whose rows the view's own counters do not see.
        inserted := total;
        deleted := 0;
    ELSIF refreshed_oid = entry.view_oid AND pg_catalog.current_setting('track_counts')::boolean THEN
        inserted := pg_catalog.pg_stat_get_xact_tuples_inserted(refreshed_oid) - inserted_before;
        deleted := pg_catalog.pg_stat_get_xact_tuples_deleted(refreshed_oid) - deleted_before;
    END IF;
    PERFORM bi_refresh.run_checks(
        entry.view_name,
        (SELECT s.rows_total FROM bi_refresh.view_state AS s WHERE s.view_name = entry.view_name AND s.view_oid = entry.view_oid),
        total
    );
    IF is_audit AND execute_refresh.strategy = 'concurrent' AND inserted + deleted > 0 THEN
        finding := bi_refresh.report_audit(entry.view_name, greatest(inserted, deleted));
    END IF;
    UPDATE bi_refresh.mv_refresh_log AS l
    SET reason = pg_catalog.concat_ws('; ', l.reason, unforeseen, finding)
    WHERE l.id = log_id;
    RETURN bi_refresh.record_success(
        log_id, snapshot_at, inserted, deleted, total,
        CASE
            WHEN refreshed_oid = entry.view_oid AND unforeseen IS NULL
                THEN fingerprint || pg_catalog.jsonb_build_object('contents', bi_refresh.contents_version(refreshed_oid))
        END
    );
END
$$;
