-- Views that are enabled already, by the definition of their output.
SELECT
    v.view_name AS name,
    c.oid::bigint AS relation,
    coalesce(t.definition, c.oid)::bigint AS proved,
    true AS is_populated,
    pg_has_role(c.relowner, 'USAGE') AS is_owner,
    has_schema_privilege(c.relnamespace, 'CREATE') AS may_create,
    quote_ident(pg_get_userbyid(c.relowner)) AS owner_name,
    quote_ident(n.nspname) AS schema_name,
    quote_ident(current_user) AS user_name,
    v.status
FROM bi_refresh.incremental_view AS v
INNER JOIN bi_refresh.maintained_table AS t ON v.view_name = t.view_name AND t.stage IS NULL
INNER JOIN pg_class AS c ON t.relation = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE v.status IN ('enabled', 'distrusted')
