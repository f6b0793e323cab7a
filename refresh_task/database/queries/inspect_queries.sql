-- The given views' queries as PostgreSQL has parsed and stored them.
SELECT
    r.ev_class AS view_oid,
    r.ev_action::text AS query
FROM pg_rewrite AS r
WHERE r.ev_class = any(%(views)s::oid []) AND r.ev_type = '1'
