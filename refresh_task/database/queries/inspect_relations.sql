-- The given relations. `features` are what a view's query has that decides whether it could be refreshed in part, by the marks of
-- PostgreSQL's own parsed form of it, at any depth.
SELECT
    c.oid,
    format('%%I.%%I', n.nspname, c.relname) AS name,
    c.relkind::text AS kind,
    c.relrowsecurity AS has_row_security,
    -- unknown: created, restored or truncated, and not analyzed since
    c.reltuples >= 0 OR c.relkind NOT IN ('r', 'm') AS is_analyzed,
    CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS row_count,
    c.relpages::bigint * current_setting('block_size')::bigint AS size_bytes,
    has_table_privilege(%(refresher)s::oid, c.oid, 'SELECT')
    AND has_schema_privilege(%(refresher)s::oid, n.oid, 'USAGE') AS is_readable,
    (
        SELECT coalesce(array_agg(f.feature), '{}')
        FROM pg_rewrite AS r
        CROSS JOIN LATERAL (
            VALUES
            ('limit', r.ev_action::text ~ ':limit(Count|Offset) \{'),
            ('grouping_sets', r.ev_action::text ~ ':groupingSets \('),
            ('distinct_on', r.ev_action::text ~ ':hasDistinctOn true'),
            ('recursive', r.ev_action::text ~ ':hasRecursive true'),
            ('window_over_all', r.ev_action::text ~ '\{WINDOWCLAUSE [^{]*:partitionClause <>'),
            (
                'correlated_subquery',
                r.ev_action::text ~ '\{SUBLINK :subLinkType 4' AND r.ev_action::text ~ ':varlevelsup [1-9]'
            ),
            (
                'shared_cte',
                r.ev_action::text ~ ':cterefcount ([2-9]|[1-9][0-9])' AND r.ev_action::text ~ ':ctematerialized [01] '
            )
        ) AS f (feature, is_there)
        WHERE r.ev_class = c.oid AND r.ev_type = '1' AND c.relkind IN ('v', 'm') AND f.is_there
    ) AS features
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.oid = any(%(relations)s::oid [])
