-- The enabled views in the order of their dependencies, each as the catalog has it now.
SELECT
    selected.view_name AS name,
    c.oid,
    coalesce(c.relkind = 'm' AND c.relispopulated, false) AS is_populated,
    bi_refresh.usable_unique_index(c.oid)::regclass::text AS unique_index,
    p.statement_timeout
FROM bi_refresh.select_views(NULL) WITH ORDINALITY AS selected (view_name, problem, position)
INNER JOIN bi_refresh.view_policy AS p ON selected.view_name = p.view_name
LEFT JOIN pg_class AS c ON c.oid = bi_refresh.view_oid(p.view_name)
ORDER BY selected.position
