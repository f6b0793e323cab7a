-- Which of the given unqualified names stand for something that is found only with another search_path than pg_catalog.
SELECT
    c.relname::text AS name,
    quote_ident(n.nspname) AS schema_name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relname = any(%(relations)s::text []) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_(toast|temp)'
    AND NOT EXISTS (
        SELECT FROM pg_class AS own
        WHERE own.relname = c.relname AND own.relnamespace = 'pg_catalog'::regnamespace
    )
UNION
SELECT
    p.proname::text,
    quote_ident(n.nspname)
FROM pg_proc AS p
INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
WHERE p.proname = any(%(functions)s::text []) AND n.nspname <> 'pg_catalog'
    AND NOT EXISTS (
        SELECT FROM pg_proc AS own
        WHERE own.proname = p.proname AND own.pronamespace = 'pg_catalog'::regnamespace
    )
