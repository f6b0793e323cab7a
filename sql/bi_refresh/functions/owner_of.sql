-- Who owns a relation; NULL: there is none.
CREATE OR REPLACE FUNCTION bi_refresh.owner_of(relation oid)
RETURNS name
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.pg_get_userbyid(c.relowner)
FROM pg_catalog.pg_class AS c
WHERE c.oid = relation
$$;
