-- The columns of find_differences()' join as SQL text: the latest, but for the key's, which rows to be deleted have, too.
CREATE OR REPLACE FUNCTION bi_refresh.joined_columns(relation oid, key_columns name[])
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.string_agg(
            pg_catalog.format(
                CASE
                    WHEN n.name = ANY (key_columns) THEN 'coalesce(latest.c%1$s, present.c%1$s) AS c%1$s'
                    ELSE 'latest.c%1$s'
                END,
                n.position
            ),
            ', ' ORDER BY n.position
        )
        FROM (
            SELECT a.attname AS name, pg_catalog.row_number() OVER (ORDER BY a.attnum) AS position
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ) AS n
    );
END
$$;
