-- Views that are enabled already, by the definition of their output; and those that are half enabled or nearly given back, by what
-- stands under their name.
SELECT
    v.view_name AS name,
    c.oid::bigint AS relation,
    CASE WHEN own.is_done THEN coalesce(t.definition, c.oid) ELSE c.oid END::bigint AS proved,
    c.relispopulated AS is_populated,
    pg_has_role(c.relowner, 'USAGE') AS is_owner,
    has_schema_privilege(c.relnamespace, 'CREATE') AS may_create,
    quote_ident(pg_get_userbyid(c.relowner)) AS owner_name,
    quote_ident(n.nspname) AS schema_name,
    quote_ident(current_user) AS user_name,
    v.status
FROM bi_refresh.incremental_view AS v
CROSS JOIN LATERAL (SELECT v.status IN ('enabled', 'distrusted') AS is_done) AS own
LEFT JOIN bi_refresh.maintained_table AS t ON v.view_name = t.view_name AND t.stage IS NULL
INNER JOIN pg_class AS c ON c.oid = CASE WHEN own.is_done THEN t.relation ELSE bi_refresh.view_oid(v.view_name) END
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE own.is_done OR c.relkind = 'm'
