-- Takes away the rights that ALTER DEFAULT PRIVILEGES gives to what somebody creates, or that were copied to it: only the
-- owner's are left.
CREATE OR REPLACE FUNCTION bi_refresh.keep_private(relation oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    grantee oid;
BEGIN
    FOR grantee IN
        SELECT granted.grantee
        FROM pg_catalog.pg_class AS c
        CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS granted
        WHERE c.oid = relation AND granted.grantee <> c.relowner
        UNION
        -- on columns
        SELECT granted.grantee
        FROM pg_catalog.pg_class AS c
        INNER JOIN pg_catalog.pg_attribute AS a ON c.oid = a.attrelid
        CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) AS granted
        WHERE c.oid = relation AND granted.grantee <> c.relowner
    LOOP
        EXECUTE pg_catalog.format(
            'REVOKE ALL ON %s FROM %s', relation::pg_catalog.regclass,
            CASE grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(grantee)) END
        );
    END LOOP;
END
$$;
