-- The given functions. One with a string body hides what it reads; one in C or with a parsed body needs no search_path.
SELECT
    p.oid,
    p.oid::regprocedure::text AS name,
    l.lanname::text AS language,
    p.prosqlbody IS NULL AND l.lanname NOT IN ('c', 'internal') AND p.prokind <> 'a' AS has_string_body,
    p.provolatile = 'i' AS is_immutable,
    p.prosrc AS body,
    coalesce(array_to_string(p.proconfig, ',') LIKE '%%search_path=%%', false) AS has_search_path
FROM pg_proc AS p
INNER JOIN pg_language AS l ON p.prolang = l.oid
INNER JOIN pg_namespace AS n ON p.pronamespace = n.oid
WHERE p.oid = any(%(functions)s::oid []) AND n.nspname NOT IN ('pg_catalog', 'information_schema')
ORDER BY name
