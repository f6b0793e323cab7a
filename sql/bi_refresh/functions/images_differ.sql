-- The condition that two rows with the columns c1, c2, ... of a maintained table are not stored alike, as SQL text. Column by column
-- where that comes to the same, for making records of both rows takes longer than all the rest.
CREATE OR REPLACE FUNCTION bi_refresh.images_differ(relation oid, one text, other text)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.concat_ws(
            ' OR ',
            pg_catalog.string_agg(
                pg_catalog.format('%1$s.c%3$s IS DISTINCT FROM %2$s.c%3$s', one, other, c.number), ' OR ' ORDER BY c.number
            ) FILTER (WHERE c.is_plain),
            'pg_catalog.record_image_ne(ROW('
            || pg_catalog.string_agg(pg_catalog.format('%s.c%s', one, c.number), ', ' ORDER BY c.number) FILTER (WHERE NOT c.is_plain)
            || '), ROW('
            || pg_catalog.string_agg(pg_catalog.format('%s.c%s', other, c.number), ', ' ORDER BY c.number) FILTER (WHERE NOT c.is_plain)
            || '))'
        )
        FROM bi_refresh.plain_columns(relation) AS c
    );
END
$$;
