-- An ORDER BY by which rows with the columns c1, c2, … of a maintained table are peers if they are stored alike, as SQL text. By the
-- columns themselves where that comes to the same: comparing the images of records takes many times as long.
CREATE OR REPLACE FUNCTION bi_refresh.image_order(relation oid, alias text)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.concat_ws(
            ', ',
            pg_catalog.string_agg(
                pg_catalog.format('%s.c%s', alias, c.position), ', '
                -- texts last, which are compared by the rules of a language
                ORDER BY c.attcollation <> 0, c.position
            ) FILTER (WHERE c.is_plain),
            'ROW('
            || pg_catalog.string_agg(pg_catalog.format('%s.c%s', alias, c.position), ', ' ORDER BY c.position) FILTER (WHERE NOT c.is_plain)
            || ') USING OPERATOR(pg_catalog.*<)'
        )
        FROM (
            SELECT
                pg_catalog.row_number() OVER (ORDER BY a.attnum) AS position,
                a.attcollation,
                bi_refresh.equal_is_identical(a.atttypid, a.attcollation) AS is_plain
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ) AS c
    );
END
$$;
