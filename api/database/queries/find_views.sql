-- The managed views that one of the written names may mean, each as written and in what respect it fits: 1 the view's own name, 2 its
-- name without the quotes that PostgreSQL writes, 3 its name without the schema.
SELECT
    p.view_name,
    p.endpoint IS NOT NULL AS is_published,
    min(fit.rank) AS rank
FROM bi_refresh.view_policy AS p
CROSS JOIN LATERAL parse_ident(p.view_name) AS name (parts)
INNER JOIN unnest(%(written)s::text[]) AS candidate (written) ON true
CROSS JOIN LATERAL (
    SELECT
        CASE candidate.written
            WHEN p.view_name THEN 1
            WHEN name.parts[1] || '.' || name.parts[2] THEN 2
            WHEN name.parts[2] THEN 3
        END AS rank
) AS fit
WHERE fit.rank IS NOT NULL
GROUP BY p.view_name, p.endpoint
ORDER BY min(fit.rank), p.view_name
