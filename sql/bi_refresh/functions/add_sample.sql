-- Adds a few slices of the first cut, from places taken at random, to those that are computed anew: they ought to come out as they
-- are. They are marked in pg_temp.dirty_<table>_1. Returns how many there are; NULL: that table is not there, for neither
-- changes touch the first cut nor is there a sample. Slices that take long are sampled now and then only.
CREATE OR REPLACE FUNCTION bi_refresh.add_sample(
    target bi_refresh.maintained_table, cuts integer[], counts bigint[]
)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most_slices CONSTANT integer := 3;
    long_slice_us CONSTANT double precision := 5000;
    how_often CONSTANT double precision := 0.1;
    columns CONSTANT name[] := bi_refresh.slice_columns(target.slices, 1);
    sample CONSTANT text := bi_refresh.sample_query(target, most_slices);
    present CONSTANT bigint := counts[pg_catalog.array_position(cuts, 1)];
    sampled bigint;
BEGIN
    IF target.key_us[1] > long_slice_us AND pg_catalog.random() > how_often THEN
        RETURN CASE WHEN present IS NOT NULL THEN 0 END;
    END IF;
    IF present IS NULL THEN
        sampled := bi_refresh.execute_as_owner(
            target.id, pg_catalog.format('CREATE TEMPORARY TABLE dirty_%s_1 AS %s', target.id, sample)
        );
        -- as in find_dirty_slices()
        PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format('ANALYZE pg_temp.dirty_%s_1', target.id));
        RETURN sampled;
    END IF;
    RETURN bi_refresh.execute_as_owner(target.id, pg_catalog.format(
        'INSERT INTO pg_temp.dirty_%1$s_1 SELECT %2$s + pg_catalog.row_number() OVER (), true, %3$s FROM (%4$s) AS sample '
        'WHERE NOT EXISTS (SELECT FROM pg_temp.dirty_%1$s_1 AS dirty WHERE %5$s)',
        target.id,
        present,
        (
            SELECT pg_catalog.string_agg('sample.c' || n.position, ', ' ORDER BY n.position)
            FROM pg_catalog.generate_series(1, pg_catalog.cardinality(columns)) AS n (position)
        ),
        sample,
        (
            SELECT pg_catalog.string_agg(
                pg_catalog.format('dirty.c%1$s %2$s sample.c%1$s', k.position, bi_refresh.equality_operator(a.atttypid)),
                ' AND ' ORDER BY k.position
            )
            FROM pg_catalog.unnest(columns) WITH ORDINALITY AS k (name, position)
            INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = target.relation AND k.name = a.attname
        )
    ));
END
$$;
