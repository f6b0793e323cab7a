-- Refreshes the materialized view that stands over a view's stages, if anything that it reads has changed, and keeps what its
-- contents are made from now. As maintain(); strategy is skip or concurrent.
CREATE OR REPLACE FUNCTION bi_refresh.refresh_over_stages(
    target bi_refresh.maintained_table, structure text, moments jsonb, full_reason text, is_audit boolean,
    OUT strategy text, OUT reason text, OUT inserted bigint, OUT deleted bigint, OUT changed_keys bigint,
    OUT total bigint, OUT mismatches bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name CONSTANT text := target.relation::pg_catalog.regclass::text;
    is_populated boolean;
    has_changes CONSTANT boolean := (
        SELECT coalesce(pg_catalog.bool_or(c.changes > 0 OR c.is_everything), false) FROM bi_refresh.claim_changes(target.id) AS c
    );
    inserted_before CONSTANT bigint := pg_catalog.pg_stat_get_xact_tuples_inserted(target.relation);
    deleted_before CONSTANT bigint := pg_catalog.pg_stat_get_xact_tuples_deleted(target.relation);
BEGIN
    inserted := 0;
    deleted := 0;
    changed_keys := 0;
    mismatches := 0;
    strategy := 'skip';
    IF has_changes OR is_audit OR full_reason IS NOT NULL OR target.moments IS DISTINCT FROM moments THEN
        IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
            PERFORM bi_refresh.require_nobody_refreshes(target.relation);
        END IF;
        SELECT c.relispopulated INTO STRICT is_populated FROM pg_catalog.pg_class AS c WHERE c.oid = target.relation;
        IF is_populated AND bi_refresh.usable_unique_index(target.relation) IS NOT NULL THEN
            EXECUTE pg_catalog.format('REFRESH MATERIALIZED VIEW CONCURRENTLY %s', name);
        ELSIF target.stage IS NOT NULL OR NOT is_populated THEN
            -- of a new definition, without indexes yet; or emptied by hand. Either has no readers.
            EXECUTE pg_catalog.format('REFRESH MATERIALIZED VIEW %s', name);
        ELSE
            RAISE EXCEPTION '% has no unique index on plain columns, so it cannot be refreshed without blocking its readers',
                target.view_name
            USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        strategy := 'concurrent';
        IF pg_catalog.current_setting('track_counts')::boolean THEN
            inserted := pg_catalog.pg_stat_get_xact_tuples_inserted(target.relation) - inserted_before;
            deleted := pg_catalog.pg_stat_get_xact_tuples_deleted(target.relation) - deleted_before;
        END IF;
    END IF;
    UPDATE bi_refresh.maintained_table AS m
    -- its rows are of this refresh now
    SET structure = pg_catalog.regexp_replace(
            refresh_over_stages.structure, '[^:]*$', bi_refresh.contents_version(target.relation)
        ),
        moments = refresh_over_stages.moments,
        data_timestamp = pg_catalog.transaction_timestamp(),
        compared_at = CASE WHEN refresh_over_stages.strategy = 'skip' THEN m.compared_at ELSE pg_catalog.transaction_timestamp() END
    WHERE m.id = target.id;
END
$$;
