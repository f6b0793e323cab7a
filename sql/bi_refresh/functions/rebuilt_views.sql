-- The plain materialized views that read a relation by themselves, or read one that does: they cannot be bound to another
-- relation, so they are built anew beside it, and swapped along when one takes its name. What reads it through an ordinary
-- view stays: that view is bound anew.
--   depth   what a view reads has a smaller one: the order in which they are built
--   reads   those of the relations, and of these views, that it reads by itself
-- Only catalogs, so that it can be run where Vistafresca is not installed. $1: the relations.
CREATE OR REPLACE FUNCTION bi_refresh.rebuilt_views(relations oid[])
RETURNS TABLE (relation oid, depth integer, name text, reads oid[])
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE direct AS (
    SELECT DISTINCT c.oid AS reader, d.refobjid AS target
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    INNER JOIN pg_catalog.pg_rewrite AS r ON c.oid = r.ev_class
    INNER JOIN pg_catalog.pg_depend AS d
        ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
        AND r.oid = d.objid
        AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND c.oid <> d.refobjid
    WHERE c.relkind = 'm' AND n.nspname <> 'bi_refresh_incremental'
),

found (relation, depth) AS (
    SELECT direct.reader, 1
    FROM direct
    WHERE direct.target = ANY ($1)
    UNION
    SELECT direct.reader, found.depth + 1
    FROM found
    INNER JOIN direct ON found.relation = direct.target
)

SELECT
    found.relation,
    pg_catalog.max(found.depth),
    pg_catalog.format('%I.%I', n.nspname, c.relname),
    ARRAY(
        SELECT direct.target
        FROM direct
        WHERE direct.reader = found.relation
            AND (direct.target = ANY ($1) OR direct.target IN (SELECT f.relation FROM found AS f))
        ORDER BY direct.target
    )
FROM found
INNER JOIN pg_catalog.pg_class AS c ON found.relation = c.oid
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
GROUP BY found.relation, n.nspname, c.relname
ORDER BY pg_catalog.max(found.depth), found.relation
$$;
