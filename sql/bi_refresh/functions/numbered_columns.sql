-- The names c1, c2, ... for the columns of column_list(), which no column of the user's can be taken for.
CREATE OR REPLACE FUNCTION bi_refresh.numbered_columns(relation oid, prefix text DEFAULT '')
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.string_agg(prefix || 'c' || n.position, ', ' ORDER BY n.position)
        FROM pg_catalog.generate_series(1, (
            SELECT pg_catalog.count(*)
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        )) AS n (position)
    );
END
$$;
