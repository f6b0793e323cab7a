-- The ordinary views among the given relations.
SELECT
    c.oid,
    format('%%I.%%I', n.nspname, c.relname) AS name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.oid = any(%(relations)s::oid []) AND c.relkind = 'v'
