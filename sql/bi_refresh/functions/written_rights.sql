-- The rights on a materialized view, and on its columns, that a table in its place does not give, to be given back
-- with it. They never had an effect but to be there.
CREATE OR REPLACE FUNCTION bi_refresh.written_rights(relation oid)
RETURNS jsonb
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(
    pg_catalog.jsonb_agg(
        pg_catalog.jsonb_build_object(
            'grantee', CASE held.grantee WHEN 0 THEN '' ELSE pg_catalog.pg_get_userbyid(held.grantee)::text END,
            'privilege', held.privilege_type,
            'is_grantable', held.is_grantable,
            'column_name', held.column_name
        )
    ), '[]'
)
FROM (
    SELECT c.relowner, granted.*, NULL::name AS column_name
    FROM pg_catalog.pg_class AS c
    CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS granted
    WHERE c.oid = relation
    UNION ALL
    SELECT c.relowner, granted.*, a.attname
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_attribute AS a ON c.oid = a.attrelid
    CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS granted
    WHERE c.oid = relation
) AS held
WHERE held.grantee <> held.relowner AND held.privilege_type NOT IN ('SELECT', 'MAINTAIN')
$$;
