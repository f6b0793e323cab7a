-- What maintained_structures() says of one view's tables, together.
CREATE OR REPLACE FUNCTION bi_refresh.maintained_structure(view_name text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.string_agg(pg_catalog.concat_ws(':', s.table_id, s.structure), ' ' ORDER BY s.table_id)
FROM bi_refresh.maintained_structures(ARRAY[maintained_structure.view_name]) AS s
$$;
