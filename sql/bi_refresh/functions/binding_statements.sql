-- The statements that bind what reads relations to others that have their names by then.
CREATE OR REPLACE FUNCTION bi_refresh.binding_statements(relations oid[])
RETURNS text[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(pg_catalog.array_agg(bi_refresh.dependent_statement(d.kind, d.objid) ORDER BY d.objid), '{}')
FROM (
    SELECT DISTINCT r.kind, r.objid
    FROM bi_refresh.relation_dependents(relations) AS r
    WHERE r.problem IS NULL AND r.kind IN ('view', 'function')
) AS d
$$;
