-- The valid indexes of a relation that its successor has no copy of yet, unique ones first. A copy is called
-- index_<OID of the first> until the successor takes the relation's name.
CREATE OR REPLACE FUNCTION bi_refresh.indexes_to_copy(source oid, target oid)
RETURNS TABLE (index_oid oid, index_name text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT i.indexrelid, c.relname::text
FROM pg_catalog.pg_index AS i
INNER JOIN pg_catalog.pg_class AS c ON i.indexrelid = c.oid
WHERE i.indrelid = source
    AND i.indisvalid
    -- made by Vistafresca, which makes its own anew
    AND c.relname !~ '^bi_refresh_(key|slice|read)_'
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS own
        INNER JOIN pg_catalog.pg_class AS own_class ON own.indexrelid = own_class.oid
        WHERE own.indrelid = target AND own.indisvalid AND own_class.relname = pg_catalog.format('index_%s', i.indexrelid)
    )
ORDER BY NOT i.indisunique, i.indexrelid
$$;
