-- Every materialized view that another one reads by itself: through any chain of ordinary views, of functions with a parsed body
-- (BEGIN ATOMIC), of operators and aggregates made from such functions, and of row-level security policies; not through a further
-- materialized view. Partitions and inheriting tables hold rows of their own and read nothing. A string-body function hides what it
-- reads from PostgreSQL, and so from here: that is what depends_on is for.
-- An incremental view is one of them: a table, or a materialized view over stages, and what their defining views read is what it
-- reads. Its stages are passed through.
-- Only catalogs and maintained_table, without which it can be run where Vistafresca is not installed. $1: the readers; NULL: all.
CREATE OR REPLACE FUNCTION bi_refresh.direct_upstream_views(views oid[] DEFAULT NULL)
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
    WHERE r.ev_type = '1' AND d.refobjid <> r.ev_class
    UNION
    -- a table, by what its policies let through
    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid, p.polrelid, d.refclassid, d.refobjid
    FROM pg_catalog.pg_policy AS p
    INNER JOIN pg_catalog.pg_depend AS d
        ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND d.objid = p.oid
    WHERE d.refobjid <> p.polrelid
    UNION
    -- a function by its parsed body, an aggregate and an operator by their functions
    SELECT d.classid, d.objid, d.refclassid, d.refobjid
    FROM pg_catalog.pg_depend AS d
    WHERE d.classid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
    UNION
    SELECT
        'pg_catalog.pg_class'::pg_catalog.regclass, m.relation, 'pg_catalog.pg_class'::pg_catalog.regclass, m.definition
    FROM bi_refresh.maintained_table AS m
    WHERE m.relation IS NOT NULL AND m.definition IS NOT NULL
),

refreshed AS (
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    WHERE c.relkind = 'm'
    UNION
    SELECT m.relation
    FROM bi_refresh.maintained_table AS m
    WHERE m.stage IS NULL AND m.relation IS NOT NULL
),

reachable (view_oid, classid, objid, is_view) AS (
    SELECT c.oid, 'pg_catalog.pg_class'::pg_catalog.regclass::oid, c.oid, false
    FROM refreshed AS c
    WHERE $1 IS NULL OR c.oid = ANY ($1)
    UNION -- not ALL: a cycle through functions ends here
    SELECT reachable.view_oid, reads.refclassid, reads.refobjid, c.oid IS NOT NULL
    FROM reachable
    INNER JOIN reads ON reads.classid = reachable.classid AND reads.objid = reachable.objid
    LEFT JOIN refreshed AS c
        ON c.oid = reads.refobjid AND reads.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
    WHERE NOT reachable.is_view
)

SELECT reachable.view_oid, reachable.objid
FROM reachable
WHERE reachable.is_view
$$;
