-- Who owns a relation, by OID; NULL: there is none.
CREATE OR REPLACE FUNCTION bi_refresh.owner_oid(relation oid)
RETURNS oid
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT c.relowner
FROM pg_catalog.pg_class AS c
WHERE c.oid = relation
$$;
