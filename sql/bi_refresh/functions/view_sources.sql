-- Every relation that a materialized view reads: through ordinary views, functions with a parsed body (BEGIN ATOMIC), partitions
-- and inheritance children, system catalogs included. The ordinary views themselves are among them; what lies beneath another
-- materialized view is not, for its rows are what is read. A string-body function hides what it reads from PostgreSQL, and so
-- from here. The body uses nothing but pg_catalog, so that it can be run on a database without bi_refresh. classify_views()
-- begins with the same.
CREATE OR REPLACE FUNCTION bi_refresh.view_sources(views oid[])
RETURNS TABLE (view_oid oid, relation oid)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE walk (view_oid, classid, objid) AS (
    SELECT v.view_oid, 'pg_catalog.pg_class'::pg_catalog.regclass::oid, v.view_oid
    FROM pg_catalog.unnest($1) AS v (view_oid)
    UNION -- not ALL: a cycle through functions ends here
    SELECT walk.view_oid, reads.classid, reads.objid
    FROM walk
    LEFT JOIN pg_catalog.pg_class AS c ON walk.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND walk.objid = c.oid
    CROSS JOIN LATERAL (
        -- a view's query
        SELECT d.refclassid AS classid, d.refobjid AS objid
        FROM pg_catalog.pg_rewrite AS r
        INNER JOIN pg_catalog.pg_depend AS d
            ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
        WHERE r.ev_class = c.oid AND r.ev_type = '1'
        UNION ALL
        -- dependencies on system catalogs are not recorded: OIDs below 12000 are pinned
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, (m.match)[1]::oid
        FROM pg_catalog.pg_rewrite AS r
        CROSS JOIN LATERAL pg_catalog.regexp_matches(r.ev_action::text, ':relid (\d{4,5})\M', 'g') AS m (match)
        WHERE r.ev_class = c.oid AND r.ev_type = '1' AND (m.match)[1]::oid < 12000
        UNION ALL
        -- a function's parsed body, an aggregate's functions, an operator's function
        SELECT d.refclassid, d.refobjid
        FROM pg_catalog.pg_depend AS d
        WHERE d.classid = walk.classid
            AND d.objid = walk.objid
            AND walk.classid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
        UNION ALL
        SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, i.inhrelid
        FROM pg_catalog.pg_inherits AS i
        WHERE i.inhparent = c.oid
    ) AS reads
    WHERE reads.classid IN (
        'pg_catalog.pg_class'::pg_catalog.regclass,
        'pg_catalog.pg_proc'::pg_catalog.regclass,
        'pg_catalog.pg_operator'::pg_catalog.regclass
    )
        AND (c.relkind IS DISTINCT FROM 'm' OR c.oid = walk.view_oid)
)

SELECT walk.view_oid, walk.objid
FROM walk
WHERE walk.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND walk.objid <> walk.view_oid
$$;
