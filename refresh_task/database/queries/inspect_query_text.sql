-- The query of a view of the current role's own; nothing for those of others, whose code would run with this role's rights.
SELECT pg_get_viewdef(c.oid) AS query
FROM pg_class AS c
INNER JOIN pg_roles AS r ON c.relowner = r.oid
WHERE c.oid = any(%(views)s::oid []) AND r.rolname = current_user
