-- What of a relation's columns another one, which is to take its place, has not alike: it may have more of them at
-- its end. In words; NULL: nothing.
CREATE OR REPLACE FUNCTION bi_refresh.column_problems(former oid, successor oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.string_agg(
    CASE
        WHEN a.attname IS DISTINCT FROM b.attname
            THEN pg_catalog.format('column %s is not %I but %s', a.attnum, a.attname, coalesce(pg_catalog.quote_ident(b.attname), 'missing'))
        WHEN (a.atttypid, a.atttypmod) IS DISTINCT FROM (b.atttypid, b.atttypmod)
            THEN pg_catalog.format(
                'column %I is not %s but %s', a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod),
                pg_catalog.format_type(b.atttypid, b.atttypmod)
            )
        ELSE pg_catalog.format('column %I has another collation', a.attname)
    END, '; ' ORDER BY a.attnum
)
FROM pg_catalog.pg_attribute AS a
LEFT JOIN pg_catalog.pg_attribute AS b ON b.attrelid = successor AND a.attnum = b.attnum AND NOT b.attisdropped
WHERE a.attrelid = former
    AND a.attnum > 0
    AND NOT a.attisdropped
    AND (a.attname, a.atttypid, a.atttypmod, a.attcollation)
    IS DISTINCT FROM (b.attname, b.atttypid, b.atttypmod, b.attcollation)
$$;
