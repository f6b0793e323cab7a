-- Makes a maintained table equal to its definition by computing the whole and writing only what differs; learns how long that takes.
--   found_by   for a comparison: keep the keys of rows that differ as mismatches of this kind, before they are mended
CREATE OR REPLACE FUNCTION bi_refresh.maintain_in_full(
    target bi_refresh.maintained_table, log_id bigint DEFAULT NULL, found_by text DEFAULT NULL,
    OUT inserted bigint, OUT deleted bigint, OUT total bigint, OUT mismatches bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    began_at CONSTANT timestamptz := pg_catalog.clock_timestamp();
    found_rows record;
    applied record;
BEGIN
    PERFORM bi_refresh.execute_as_owner(
        target.id, pg_catalog.format('LOCK TABLE %s IN EXCLUSIVE MODE', target.relation::pg_catalog.regclass)
    );
    found_rows := bi_refresh.find_differences(target, NULL, '{}');
    mismatches := found_rows.missing + found_rows.surplus + found_rows.other;
    IF found_by IS NOT NULL AND mismatches > 0 THEN
        PERFORM bi_refresh.keep_mismatches(target, log_id, found_by, 'true');
    END IF;
    applied := bi_refresh.apply_differences(target, found_rows.missing, found_rows.surplus, found_rows.other);
    inserted := applied.inserted;
    deleted := applied.deleted;
    total := found_rows.computed;
    PERFORM bi_refresh.require_distinct_keys(target, total);
    PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format('DROP TABLE pg_temp.differences_%s', target.id));
    UPDATE bi_refresh.maintained_table AS m
    SET full_ms = coalesce(m.full_ms + 0.5 * (taken.ms - m.full_ms), taken.ms)
    FROM (SELECT 1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - began_at) AS ms) AS taken
    WHERE m.id = target.id;
END
$$;
