-- The views that the event queue asks for, in the order in which to refresh them: by the highest priority among their own requests
-- and those of the views that read them, upstream before downstream, then by the oldest request. Left out are disabled views, and
-- suspended ones until it is time to try them again.
CREATE OR REPLACE FUNCTION bi_refresh.pending_views()
RETURNS TABLE (view_name text, upstream text[])
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH requested AS MATERIALIZED (
    SELECT
        t.view_name,
        bi_refresh.view_oid(t.view_name) AS view_oid,
        pg_catalog.max(pg_catalog.array_position(ARRAY['low', 'normal', 'high', 'critical'], t.priority)) AS urgency,
        pg_catalog.min(t.id) AS oldest
    FROM bi_refresh.mv_refresh_triggers AS t
    INNER JOIN bi_refresh.view_policy AS p ON p.view_name = t.view_name AND p.enabled
    LEFT JOIN bi_refresh.view_state AS s ON s.view_name = t.view_name
    WHERE t.refresh_requested AND (s.suspended_at IS NULL OR s.probe_at <= pg_catalog.now())
    GROUP BY t.view_name
),

edges AS MATERIALIZED (
    SELECT reader.view_name AS reader, source.view_name AS source, reader.urgency
    FROM bi_refresh.upstream_views() AS u
    INNER JOIN requested AS reader ON reader.view_oid = u.view_oid
    INNER JOIN requested AS source ON source.view_oid = u.upstream_oid
    -- one view needs no order
    WHERE (SELECT pg_catalog.count(*) FROM requested) > 1
)

SELECT requested.view_name, coalesce(reads.views, '{}')
FROM requested
LEFT JOIN LATERAL (
    SELECT pg_catalog.array_agg(edges.source) AS views
    FROM edges
    WHERE edges.reader = requested.view_name
) AS reads ON true
LEFT JOIN LATERAL (
    SELECT pg_catalog.max(edges.urgency) AS urgency
    FROM edges
    WHERE edges.source = requested.view_name
) AS readers ON true
ORDER BY
    GREATEST(requested.urgency, readers.urgency) DESC,
    -- If A reads B, then A reads all that B reads, and B itself: counting is a topological order.
    pg_catalog.cardinality(coalesce(reads.views, '{}')),
    requested.oldest
$$;
