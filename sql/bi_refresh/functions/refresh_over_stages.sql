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
        IF bi_refresh.usable_unique_index(target.relation) IS NULL THEN
            RAISE EXCEPTION '% has no unique index on plain columns, so it cannot be refreshed without blocking its readers', name
            USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        strategy := 'concurrent';
        EXECUTE pg_catalog.format('REFRESH MATERIALIZED VIEW CONCURRENTLY %s', name);
        IF pg_catalog.current_setting('track_counts')::boolean THEN
            inserted := pg_catalog.pg_stat_get_xact_tuples_inserted(target.relation) - inserted_before;
            deleted := pg_catalog.pg_stat_get_xact_tuples_deleted(target.relation) - deleted_before;
        END IF;
    END IF;
    UPDATE bi_refresh.maintained_table AS m
    SET structure = refresh_over_stages.structure,
        moments = refresh_over_stages.moments,
        data_timestamp = pg_catalog.transaction_timestamp()
    WHERE m.id = target.id;
END
$$;
