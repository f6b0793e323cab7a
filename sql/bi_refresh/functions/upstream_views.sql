-- Every materialized view that another one reads, directly or through any chain of ordinary views, materialized views and
-- functions with a parsed body (BEGIN ATOMIC). A string-body function hides what it reads from PostgreSQL, and so from here.
CREATE OR REPLACE FUNCTION bi_refresh.upstream_views()
RETURNS TABLE (view_oid oid, upstream_oid oid)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE reads (classid, objid, refclassid, refobjid) AS (
    -- a view of either kind, by the rule that holds its query
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, r.ev_class, d.refclassid, d.refobjid
    FROM pg_catalog.pg_rewrite AS r
    INNER JOIN pg_catalog.pg_depend AS d
        ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
    WHERE d.refobjid <> r.ev_class
    UNION ALL
    -- a function, by its parsed body
    SELECT d.classid, d.objid, d.refclassid, d.refobjid
    FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
),

reachable (view_oid, classid, objid) AS (
    SELECT c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass::oid, c.oid
    FROM pg_catalog.pg_class AS c
    WHERE c.relkind = 'm'
    UNION -- not ALL: a cycle through functions ends here
    SELECT reachable.view_oid, reads.refclassid, reads.refobjid
    FROM reachable
    INNER JOIN reads ON reads.classid = reachable.classid AND reads.objid = reachable.objid
)

SELECT reachable.view_oid, c.oid
FROM reachable
INNER JOIN pg_catalog.pg_class AS c ON c.oid = reachable.objid
WHERE reachable.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND c.relkind = 'm'
    AND c.oid <> reachable.view_oid
$$;
