-- The relations that a fingerprint covers.
CREATE OR REPLACE FUNCTION bi_refresh.covered_relations(fingerprint jsonb)
RETURNS oid[]
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT ARRAY(
    SELECT r.relation::oid
    FROM pg_catalog.jsonb_array_elements_text(fingerprint -> 'relations') AS r (relation)
)
$$;
