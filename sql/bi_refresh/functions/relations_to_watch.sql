-- The tables that need touch triggers: everything that enabled views with change_detection = 'touch' read and that can be
-- watched, and all above these, for a statement on a partitioned table or a parent fires no trigger of the partition or child
-- that it changes. None for views that are never skipped.
CREATE OR REPLACE FUNCTION bi_refresh.relations_to_watch()
RETURNS oid[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE touch_view AS (
    SELECT pg_catalog.array_agg(bi_refresh.view_oid(p.view_name)) AS oids
    FROM bi_refresh.view_policy AS p
    WHERE p.enabled AND p.change_detection = 'touch' AND bi_refresh.view_oid(p.view_name) IS NOT NULL
        -- capture tells more
        AND NOT EXISTS (
            SELECT FROM bi_refresh.incremental_view AS i
            WHERE i.view_name = p.view_name AND i.status IN ('enabled', 'distrusted')
        )
),

target (relation) AS (
    SELECT s.relation
    FROM touch_view
    CROSS JOIN LATERAL bi_refresh.view_sources(touch_view.oids) AS s
    WHERE NOT EXISTS (
        SELECT FROM bi_refresh.classify_views(ARRAY[s.view_oid]) AS c
        WHERE c.class NOT IN ('date', 'settings', 'unlogged', 'immutable_function')
    )
    UNION
    SELECT i.inhparent
    FROM target
    INNER JOIN pg_catalog.pg_inherits AS i ON target.relation = i.inhrelid
)

SELECT coalesce(pg_catalog.array_agg(c.oid), '{}')
FROM target
INNER JOIN pg_catalog.pg_class AS c ON target.relation = c.oid
WHERE c.relkind IN ('r', 'p')
    -- a crash empties them unseen, so their rows are read
    AND c.relpersistence = 'p'
    -- no statement triggers there
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_subscription_rel AS s WHERE s.srrelid = c.oid)
$$;
