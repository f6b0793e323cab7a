-- An ORDER BY by which rows with the columns c1, c2, ... of a maintained table are peers if they are stored alike, as SQL text. By the
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
                pg_catalog.format('%s.c%s', alias, c.number), ', '
                -- texts last, which are compared by the rules of a language
                ORDER BY c.is_text, c.number
            ) FILTER (WHERE c.is_plain),
            'ROW('
            || pg_catalog.string_agg(pg_catalog.format('%s.c%s', alias, c.number), ', ' ORDER BY c.number) FILTER (WHERE NOT c.is_plain)
            || ') USING OPERATOR(pg_catalog.*<)'
        )
        FROM bi_refresh.plain_columns(relation) AS c
    );
END
$$;
