-- The managed views that a caller asks for, upstream before downstream: the enabled ones for NULL, otherwise those named, with or
-- without their schema. A name that fits no managed view, or several, comes back as it was written, with the problem in words.
CREATE OR REPLACE FUNCTION bi_refresh.select_views(names text[])
RETURNS TABLE (view_name text, problem text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
-- Planning it for the values at hand takes longer than running it.
SET plan_cache_mode = force_generic_plan
AS $$
WITH requested AS (
    SELECT p.view_name AS written, p.view_name AS found, 1::bigint AS candidates, p.view_name AS candidate_names
    FROM bi_refresh.view_policy AS p
    WHERE names IS NULL AND p.enabled
    UNION ALL
    SELECT
        name.written,
        pg_catalog.min(p.view_name),
        pg_catalog.count(p.view_name),
        pg_catalog.string_agg(p.view_name, ', ' ORDER BY p.view_name)
    FROM (SELECT DISTINCT n.written FROM pg_catalog.unnest(names) AS n (written) WHERE n.written IS NOT NULL) AS name
    LEFT JOIN bi_refresh.view_policy AS p
        ON name.written IN (p.view_name, pg_catalog.quote_ident((pg_catalog.parse_ident(p.view_name))[2]))
    GROUP BY name.written
),

-- If A reads B, then A's upstream views are B's and B itself: counting them is a topological order.
upstream AS (
    SELECT u.view_oid, pg_catalog.count(*) AS views
    FROM bi_refresh.upstream_views() AS u
    -- one view needs no order, and the task asks for one at a time
    WHERE (SELECT pg_catalog.count(*) FROM requested) > 1
    GROUP BY u.view_oid
)

SELECT
    CASE WHEN requested.candidates = 1 THEN requested.found ELSE requested.written END,
    CASE
        WHEN requested.candidates = 0
            THEN pg_catalog.format('"%s" is not a managed view', requested.written)
        WHEN requested.candidates > 1
            THEN pg_catalog.format('"%s" may be any of %s', requested.written, requested.candidate_names)
    END
FROM requested
LEFT JOIN upstream
    ON upstream.view_oid = CASE WHEN EXISTS (SELECT FROM upstream) THEN bi_refresh.view_oid(requested.found) END
-- Longest not attempted first: where a deadline or a timeout cuts every round short, the rest has its turn in the next.
LEFT JOIN LATERAL (
    SELECT l.id
    FROM bi_refresh.mv_refresh_log AS l
    WHERE l.view_name = requested.found AND l.status <> 'skipped'
    ORDER BY l.id DESC
    LIMIT 1
) AS last_attempt ON true
-- the same view may have been named twice, with and without its schema
GROUP BY 1, 2
ORDER BY pg_catalog.max(coalesce(upstream.views, 0)), pg_catalog.max(coalesce(last_attempt.id, 0)), 1
$$;
