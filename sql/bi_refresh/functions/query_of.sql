-- The query of a view or materialized view in PostgreSQL's own spelling, with the schema of every name.
CREATE OR REPLACE FUNCTION bi_refresh.query_of(relation oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.pg_get_viewdef(relation)
$$;
