-- A view's query, and those of all ordinary views beneath it, each in PostgreSQL's own spelling: with every name's schema, for
-- the session has none of theirs in its search_path.
WITH RECURSIVE beneath AS (
    SELECT %(relation)s::oid AS oid
    UNION
    SELECT c.oid
    FROM beneath
    INNER JOIN pg_rewrite AS r ON beneath.oid = r.ev_class
    INNER JOIN pg_depend AS d
        ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid AND d.refclassid = 'pg_class'::regclass
    INNER JOIN pg_class AS c ON d.refobjid = c.oid AND c.relkind = 'v'
)

SELECT
    c.oid::bigint AS relation,
    n.nspname AS schema_name,
    c.relname AS view_name,
    pg_get_viewdef(c.oid) AS query
FROM beneath
INNER JOIN pg_class AS c ON beneath.oid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
