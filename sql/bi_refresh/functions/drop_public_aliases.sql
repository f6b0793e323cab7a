-- Removes the aliases in schema public that stand for objects of this schema: for the migration that removes the schema, which their
-- views would stop, and which would leave their functions behind.
CREATE OR REPLACE FUNCTION bi_refresh.drop_public_aliases(schema_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    alias_mark CONSTANT text := 'Vistafresca: another name for ' || pg_catalog.quote_ident(schema_name) || '.';
    alias record;
BEGIN
    FOR alias IN
        SELECT pg_catalog.format('VIEW %s', c.oid::pg_catalog.regclass) AS object
        FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = 'public'::pg_catalog.regnamespace
            AND c.relkind = 'v'
            AND pg_catalog.starts_with(pg_catalog.obj_description(c.oid, 'pg_class'), alias_mark)
            AND pg_catalog.pg_get_userbyid(c.relowner) = current_user
        UNION ALL
        SELECT pg_catalog.format('FUNCTION %s', p.oid::pg_catalog.regprocedure)
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'public'::pg_catalog.regnamespace
            AND pg_catalog.starts_with(pg_catalog.obj_description(p.oid, 'pg_proc'), alias_mark)
            AND pg_catalog.pg_get_userbyid(p.proowner) = current_user
    LOOP
        EXECUTE 'DROP ' || alias.object;
    END LOOP;
END
$$;
