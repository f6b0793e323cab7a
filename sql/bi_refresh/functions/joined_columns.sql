-- The columns of find_differences()' join as SQL text: the latest, and of a row to be deleted the present ones.
CREATE OR REPLACE FUNCTION bi_refresh.joined_columns(relation oid)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.string_agg(
            pg_catalog.format('CASE WHEN latest.number IS NULL THEN present.c%1$s ELSE latest.c%1$s END AS c%1$s', n.position),
            ', ' ORDER BY n.position
        )
        FROM pg_catalog.generate_series(1, (
            SELECT pg_catalog.count(*)
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        )) AS n (position)
    );
END
$$;
