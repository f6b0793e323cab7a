-- Gives a relation the rights that are granted on another one, with their grant options, and on its columns. A
-- materialized view could only be read, whatever was granted on it: on a table that stands in its place nobody gets
-- the right to write but its owner.
--   more   rights besides, as written_rights() gave them: what a table that is given back had not
CREATE OR REPLACE FUNCTION bi_refresh.copy_grants(source oid, target oid, more jsonb DEFAULT '[]')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    change text;
    target_name CONSTANT text := target::pg_catalog.regclass;
    is_table CONSTANT boolean := (SELECT c.relkind <> 'm' FROM pg_catalog.pg_class AS c WHERE c.oid = target);
BEGIN
    FOR change IN
        SELECT pg_catalog.format(
            'GRANT %s%s ON %s TO %s%s',
            wanted.privilege,
            ' (' || wanted.column_name || ')',
            target_name,
            CASE wanted.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(wanted.grantee)) END,
            CASE WHEN wanted.is_grantable THEN ' WITH GRANT OPTION' END
        )
        FROM (
            SELECT
                c.relowner AS owner,
                granted.grantee,
                granted.privilege_type AS privilege,
                granted.is_grantable,
                NULL AS column_name,
                granted.number
            FROM pg_catalog.pg_class AS c
            CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl)
                WITH ORDINALITY AS granted (grantor, grantee, privilege_type, is_grantable, number)
            WHERE c.oid = source
            UNION ALL
            SELECT
                c.relowner, granted.grantee, granted.privilege_type, granted.is_grantable, pg_catalog.quote_ident(a.attname), NULL
            FROM pg_catalog.pg_class AS c
            INNER JOIN pg_catalog.pg_attribute AS a ON c.oid = a.attrelid
            CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS granted
            WHERE c.oid = source AND NOT a.attisdropped
            UNION ALL
            SELECT
                c.relowner,
                coalesce(pg_catalog.to_regrole(pg_catalog.quote_ident(kept.grantee))::oid, 0),
                kept.privilege,
                kept.is_grantable,
                pg_catalog.quote_ident(kept.column_name),
                NULL
            FROM pg_catalog.pg_class AS c
            CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(more) AS kept (
                grantee text, privilege text, is_grantable boolean, column_name text
            )
            WHERE c.oid = source
                -- whoever was dropped meanwhile has none
                AND (kept.grantee = '' OR pg_catalog.to_regrole(pg_catalog.quote_ident(kept.grantee)) IS NOT NULL)
                AND (
                    kept.column_name IS NULL
                    OR EXISTS (
                        SELECT FROM pg_catalog.pg_attribute AS a
                        WHERE a.attrelid = target AND a.attname = kept.column_name AND NOT a.attisdropped
                    )
                )
        ) AS wanted
        WHERE wanted.grantee <> wanted.owner
            AND (NOT is_table OR wanted.privilege IN ('SELECT', 'MAINTAIN'))
        ORDER BY wanted.number NULLS LAST
    LOOP
        EXECUTE change;
    END LOOP;
END
$$;
