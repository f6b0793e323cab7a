-- An expression that gives the key of a row of find_differences() as jsonb, as SQL text; of a table without a key, the columns of its
-- first cut, and without a cut the
-- first twenty.
CREATE OR REPLACE FUNCTION bi_refresh.key_as_json(target bi_refresh.maintained_table, row_name text)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT 'pg_catalog.jsonb_build_object('
            || pg_catalog.string_agg(pg_catalog.format('%L, %s.c%s', n.name, row_name, n.position), ', ' ORDER BY n.position)
            || ')'
        FROM (
            SELECT a.attname AS name, pg_catalog.row_number() OVER (ORDER BY a.attnum) AS position
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = target.relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ) AS n
        CROSS JOIN (
            SELECT coalesce(target.key_columns, bi_refresh.slice_columns(nullif(target.slices, '[]'), 1)) AS columns
        ) AS key
        WHERE n.name = ANY (key.columns) OR (key.columns = '{}' AND n.position <= 20)
    );
END
$$;
