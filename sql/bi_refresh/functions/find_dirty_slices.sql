-- Which slices of a maintained table what changed touches: their keys, each once, in pg_temp.dirty_<table>_<cut> (number, is_sample,
-- c1, c2, ...) for each cut that has any.
--   cuts        those cuts
--   counts      how many slices each has
--   keys        how many slices that is, those of rows with a NULL included
--   null_cuts   cuts whose rows with a NULL in the key may have changed
CREATE OR REPLACE FUNCTION bi_refresh.find_dirty_slices(
    target bi_refresh.maintained_table, changed integer[], is_moved boolean,
    OUT cuts integer[], OUT counts bigint[], OUT null_cuts integer[], OUT keys bigint, OUT obstacle text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    query text;
    counted jsonb;
    columns name[];
    has_null boolean;
BEGIN
    cuts := '{}';
    counts := '{}';
    null_cuts := '{}';
    keys := 0;
    FOR cut IN 1 .. pg_catalog.jsonb_array_length(target.slices) LOOP
        query := bi_refresh.dirty_keys_query(target.id, cut, changed, is_moved);
        CONTINUE WHEN query IS NULL;
        BEGIN
            PERFORM bi_refresh.execute_as_owner(
                target.id, pg_catalog.format('CREATE TEMPORARY TABLE dirty_%s_%s AS %s', target.id, cut, query)
            );
        EXCEPTION
            WHEN data_exception THEN
                -- A row that the definition never looks at may have a value that a key cannot.
                obstacle := pg_catalog.format('which rows were touched cannot be told (%s)', sqlerrm);
                PERFORM bi_refresh.drop_dirty_slices(target, cuts);
                RETURN;
        END;
        columns := bi_refresh.slice_columns(target.slices, cut);
        counted := bi_refresh.ask_as_owner(target.id, pg_catalog.format(
            'SELECT pg_catalog.jsonb_build_array(pg_catalog.count(*), '
            'pg_catalog.count(*) FILTER (WHERE pg_catalog.num_nulls(%s) > 0)) FROM pg_temp.dirty_%s_%s AS slice',
            (
                SELECT pg_catalog.string_agg('slice.c' || n.position, ', ')
                FROM pg_catalog.generate_series(1, pg_catalog.cardinality(columns)) AS n (position)
            ),
            target.id, cut
        ));
        cuts := cuts || cut;
        counts := counts || (counted -> 0)::bigint;
        keys := keys + (counted -> 0)::bigint;
        -- a key has no NULL
        IF NOT coalesce(columns <@ target.key_columns, false) THEN
            SELECT coalesce(
                pg_catalog.bool_or(s.null_slice = 'any' AND (s.capture_id = ANY (changed) OR (is_moved AND s.slides <> '[]'))),
                false
            )
            INTO has_null
            FROM bi_refresh.maintained_source AS s
            WHERE s.table_id = target.id AND s.slice = cut;
            IF has_null OR (counted -> 1)::bigint > 0 THEN
                null_cuts := null_cuts || cut;
                keys := keys + 1;
            END IF;
        END IF;
        -- Without statistics a few are taken for thousands, and the whole table is read for them.
        PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format('ANALYZE pg_temp.dirty_%s_%s', target.id, cut));
    END LOOP;
END
$$;
