-- Which refresh a materialized view's contents are of, whoever made it: by the transaction that last changed its catalog row, which
-- every REFRESH writes anew, with CONCURRENTLY, too. Its rows' versions would tell the same, for the cost of reading them.
CREATE OR REPLACE FUNCTION bi_refresh.contents_version(view_oid oid)
RETURNS text
LANGUAGE sql
VOLATILE -- after a REFRESH in the same statement, it is another
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.concat_ws('/', c.xmin, c.relfilenode)
FROM pg_catalog.pg_class AS c
WHERE c.oid = view_oid
$$;
