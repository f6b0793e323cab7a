-- Functions and views are created anew at every migrate, so no migration lists them: all that stand in the schema go, and with them
-- the public aliases. Those of views go by CASCADE; a function's body is text, on which nothing depends, so its mark tells it.
DO $$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT pg_proc.oid::pg_catalog.regprocedure AS signature
        FROM pg_catalog.pg_proc
        WHERE pg_proc.pronamespace = 'public'::pg_catalog.regnamespace
            AND pg_catalog.starts_with(
                pg_catalog.obj_description(pg_proc.oid, 'pg_proc'), 'Vistafresca: another name for bi_refresh.'
            )
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', object.signature);
    END LOOP;

    FOR object IN
        SELECT pg_proc.oid::pg_catalog.regprocedure AS signature
        FROM pg_catalog.pg_proc
        WHERE pg_proc.pronamespace = 'bi_refresh'::pg_catalog.regnamespace
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION IF EXISTS %s CASCADE', object.signature);
    END LOOP;
END
$$;
DROP VIEW IF EXISTS bi_refresh.view_status;
DROP TABLE bi_refresh.mv_refresh_log CASCADE;
DROP TABLE bi_refresh.mv_refresh_run CASCADE;
DROP TABLE bi_refresh.view_state CASCADE;
DROP TABLE bi_refresh.view_policy CASCADE;
