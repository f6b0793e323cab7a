-- The columns of a relation that are written, in their order, as SQL text: "t.id, t.label" for the prefix 't.'.
CREATE OR REPLACE FUNCTION bi_refresh.column_list(relation oid, prefix text DEFAULT '')
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.string_agg(prefix || pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum)
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    );
END
$$;
