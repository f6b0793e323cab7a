-- The columns of a view's usable unique index, quoted and in order. NULL: it has none.
CREATE OR REPLACE FUNCTION bi_refresh.key_columns(view_oid oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY k.ordinality)
FROM pg_catalog.pg_index AS i
CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, ordinality)
INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indexrelid = bi_refresh.usable_unique_index(view_oid) AND k.ordinality <= i.indnkeyatts
$$;
