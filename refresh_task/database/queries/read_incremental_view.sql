-- A managed view, what stands under its name, and how far it is on the way to be refreshed incrementally (no row of
-- incremental_view: status is NULL).
SELECT
    p.view_name AS name,
    p.incremental_key AS policy_key,
    p.incremental_stages AS policy_stages,
    c.oid::bigint AS relation,
    c.relkind::text AS relkind,
    c.relowner::bigint AS owner,
    quote_ident(pg_get_userbyid(c.relowner)) AS owner_name,
    coalesce(c.relispopulated, false) AS is_populated,
    CASE WHEN c.relkind IN ('m', 'v') THEN rtrim(pg_get_viewdef(c.oid), ';') END AS current_query,
    pg_has_role(c.relowner, 'USAGE') AS is_owner,
    has_schema_privilege(c.relnamespace, 'CREATE') AS may_create,
    quote_ident(n.nspname) AS schema_name,
    quote_ident(current_user) AS user_name,
    v.status,
    v.step,
    v.output,
    bi_refresh.view_query(p.view_name) AS query,
    v.original,
    v.distrust_reason,
    made.relation::bigint AS kept,
    kept.oid::regclass::text AS kept_name
FROM bi_refresh.view_policy AS p
LEFT JOIN pg_class AS c ON bi_refresh.view_oid(p.view_name) = c.oid
LEFT JOIN pg_namespace AS n ON c.relnamespace = n.oid
LEFT JOIN bi_refresh.incremental_view AS v ON p.view_name = v.view_name
LEFT JOIN bi_refresh.maintained_table AS made ON p.view_name = made.view_name AND made.stage IS NULL
LEFT JOIN pg_class AS kept ON made.relation = kept.oid
WHERE p.view_name = %(view)s
