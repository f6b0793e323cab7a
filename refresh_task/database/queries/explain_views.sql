-- The materialized views of this database.
SELECT
    format('%%I.%%I', n.nspname, c.relname) AS name,
    c.oid::bigint AS relation,
    c.relispopulated AS is_populated,
    pg_has_role(c.relowner, 'USAGE') AS is_owner,
    has_schema_privilege(c.relnamespace, 'CREATE') AS may_create,
    quote_ident(pg_get_userbyid(c.relowner)) AS owner_name,
    quote_ident(n.nspname) AS schema_name,
    quote_ident(current_user) AS user_name
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind = 'm' AND n.nspname <> 'bi_refresh_incremental'
ORDER BY name
