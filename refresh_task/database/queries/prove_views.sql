-- The ordinary views among the given relations, with their queries.
SELECT
    c.oid,
    n.nspname AS schema_name,
    c.relname AS relation_name,
    rtrim(pg_get_viewdef(c.oid), '; ') AS query
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.oid = any(%(relations)s::oid []) AND c.relkind = 'v'
ORDER BY c.oid
