-- The condition that a row is in none of the dirty slices of some cuts, as
-- SQL text that begins with AND; '' for no cut.
CREATE OR REPLACE FUNCTION bi_refresh.outside_slices(
    target bi_refresh.maintained_table, cuts integer[], row_name text
)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT coalesce(
            pg_catalog.string_agg(
                pg_catalog.format(
                    ' AND NOT EXISTS (SELECT FROM pg_temp.dirty_%s_%s AS dirty WHERE %s)',
                    target.id,
                    c.cut,
                    bi_refresh.equal_columns(target.relation, bi_refresh.slice_columns(target.slices, c.cut), row_name, 'dirty', true)
                ),
                '' ORDER BY c.cut
            ),
            ''
        )
        FROM pg_catalog.unnest(cuts) AS c (cut)
    );
END
$$;
