-- The condition that a row has a NULL in a column of some cuts, as SQL text: '(t.id IS NULL OR t.kind IS NULL)'; NULL for no cut.
CREATE OR REPLACE FUNCTION bi_refresh.null_slices(target bi_refresh.maintained_table, cuts integer[], row_name text)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT '(' || pg_catalog.string_agg(DISTINCT pg_catalog.format('%s.%I IS NULL', row_name, k.name), ' OR ') || ')'
        FROM pg_catalog.unnest(cuts) AS c (cut)
        CROSS JOIN LATERAL pg_catalog.unnest(bi_refresh.slice_columns(target.slices, c.cut)) AS k (name)
    );
END
$$;
