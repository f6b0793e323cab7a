-- One of the relations whose file is another than this transaction's snapshot says, in words; NULL: there is none. TRUNCATE and
-- rewrites are not MVCC: what committed them after the snapshot and before our lock makes us read the new file, with rows the
-- snapshot does not know or without those that it does. pg_relation_filenode() tells the present, the catalog's row what the
-- snapshot sees.
CREATE OR REPLACE FUNCTION bi_refresh.moved_relation(relations oid[])
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.min(pg_catalog.format('%I.%I', n.nspname, c.relname))
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.oid = ANY (relations)
    AND c.relkind IN ('r', 'm')
    -- catalogs have no file number of their own
    AND c.relfilenode <> 0
    AND pg_catalog.pg_relation_filenode(c.oid) IS DISTINCT FROM c.relfilenode
$$;
