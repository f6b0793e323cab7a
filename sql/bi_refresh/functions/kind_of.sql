-- What ALTER and DROP call a relation: TABLE, MATERIALIZED VIEW, VIEW.
CREATE OR REPLACE FUNCTION bi_refresh.kind_of(relation oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END
FROM pg_catalog.pg_class AS c
WHERE c.oid = relation
$$;
