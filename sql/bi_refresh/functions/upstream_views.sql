-- Every materialized view that another one depends on, directly or through others: what it reads (see direct_upstream_views) and
-- what its policy says it depends on.
--   views         the readers; NULL: all
CREATE OR REPLACE FUNCTION bi_refresh.upstream_views(views oid[] DEFAULT NULL)
RETURNS TABLE (view_oid oid, upstream_oid oid)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE named AS (
    SELECT n.nspname, c.relname, c.oid
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind = 'm'
        OR c.oid IN (SELECT m.relation FROM bi_refresh.maintained_table AS m WHERE m.stage IS NULL AND m.relation IS NOT NULL)
),

edges (view_oid, upstream_oid) AS MATERIALIZED (
    SELECT d.view_oid, d.upstream_oid
    FROM bi_refresh.direct_upstream_views() AS d
    UNION
    SELECT reader.oid, upstream.oid
    FROM bi_refresh.view_policy AS p
    CROSS JOIN LATERAL pg_catalog.unnest(p.depends_on) AS declared (view_name)
    CROSS JOIN LATERAL pg_catalog.parse_ident(p.view_name) AS reader_name (parts)
    CROSS JOIN LATERAL pg_catalog.parse_ident(declared.view_name) AS upstream_name (parts)
    INNER JOIN named AS reader ON reader.nspname = reader_name.parts[1] AND reader.relname = reader_name.parts[2]
    INNER JOIN named AS upstream ON upstream.nspname = upstream_name.parts[1] AND upstream.relname = upstream_name.parts[2]
    WHERE p.depends_on <> '{}'
),

upstream (view_oid, upstream_oid) AS (
    SELECT edges.view_oid, edges.upstream_oid
    FROM edges
    WHERE $1 IS NULL OR edges.view_oid = ANY ($1)
    UNION -- not ALL: a cycle ends here
    SELECT upstream.view_oid, edges.upstream_oid
    FROM upstream
    INNER JOIN edges ON edges.view_oid = upstream.upstream_oid
)

SELECT upstream.view_oid, upstream.upstream_oid
FROM upstream
WHERE upstream.view_oid <> upstream.upstream_oid
$$;
