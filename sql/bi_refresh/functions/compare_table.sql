-- Compares a maintained table, or a materialized view over stages, with its definition in this transaction's snapshot, and changes
-- nothing: one row per row that differs, with its key, ten thousand at most.
--   keys   compare only so many slices, taken at random; NULL: the whole
CREATE OR REPLACE FUNCTION bi_refresh.compare_table(table_id integer, keys integer DEFAULT NULL)
RETURNS TABLE (difference text, row_key jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target bi_refresh.maintained_table;
    cuts integer[];
    found_rows record;
BEGIN
    PERFORM bi_refresh.require_maintain_function(table_id);
    SELECT m.* INTO STRICT target FROM bi_refresh.maintained_table AS m WHERE m.id = table_id;
    -- over stages, a materialized view's own query has just made it
    target := pg_catalog.jsonb_populate_record(
        target, pg_catalog.jsonb_build_object('definition', coalesce(target.definition, target.whole))
    );
    IF keys IS NOT NULL AND pg_catalog.jsonb_array_length(target.slices) > 0 THEN
        cuts := '{1}';
        PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format(
            'CREATE TEMPORARY TABLE dirty_%s_1 AS %s', target.id, bi_refresh.sample_query(target, keys)
        ));
        PERFORM bi_refresh.make_new_rows(target);
        PERFORM bi_refresh.recompute_slices(target, 1, '{}', 0, keys);
    END IF;
    found_rows := bi_refresh.find_differences(target, cuts, '{}');
    IF cuts IS NULL THEN
        PERFORM bi_refresh.require_distinct_keys(target, found_rows.computed - found_rows.missing + found_rows.surplus);
    END IF;
    RETURN QUERY
    SELECT f.entry ->> 0, f.entry -> 1
    FROM pg_catalog.jsonb_array_elements(coalesce(bi_refresh.ask_as_owner(target.id, pg_catalog.format(
        'SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(CASE '
        'WHEN found.row_id IS NULL THEN ''missing'' WHEN found.is_gone THEN ''surplus'' ELSE ''other'' END, %s)) '
        'FROM (SELECT * FROM pg_temp.differences_%s AS d WHERE d.differs LIMIT 10000) AS found',
        bi_refresh.key_as_json(target, 'found'), target.id
    )), '[]')) AS f (entry);
    PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format('DROP TABLE pg_temp.differences_%s', target.id));
    IF cuts IS NOT NULL THEN
        PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format('DROP TABLE pg_temp.new_%s', target.id));
        PERFORM bi_refresh.drop_dirty_slices(target, cuts);
    END IF;
END
$$;
