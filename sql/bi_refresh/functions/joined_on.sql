-- The condition of find_differences()' join by the key, as SQL text: "latest.c1 = present.c1".
CREATE OR REPLACE FUNCTION bi_refresh.joined_on(relation oid, key_columns name[])
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.string_agg(
            pg_catalog.format('latest.c%1$s %2$s present.c%1$s', n.position, bi_refresh.equality_operator(n.type)),
            ' AND ' ORDER BY pg_catalog.array_position(key_columns, n.name)
        )
        FROM (
            SELECT a.attname AS name, a.atttypid AS type, pg_catalog.row_number() OVER (ORDER BY a.attnum) AS position
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ) AS n
        WHERE n.name = ANY (key_columns)
    );
END
$$;
