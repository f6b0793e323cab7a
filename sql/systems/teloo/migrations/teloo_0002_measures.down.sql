-- The public aliases first, by their mark: views of somebody else's that read these stop the migration instead.
DO $$
DECLARE
    alias_name text;
BEGIN
    FOR alias_name IN
        SELECT pg_class.oid::pg_catalog.regclass
        FROM pg_catalog.pg_class
        WHERE pg_class.relnamespace = 'public'::pg_catalog.regnamespace
            AND pg_class.relkind = 'v'
            AND pg_catalog.starts_with(
                pg_catalog.obj_description(pg_class.oid, 'pg_class'), 'Vistafresca: another name for teloo.'
            )
            -- A comment alone proves nothing.
            AND pg_catalog.pg_get_userbyid(pg_class.relowner) = current_user
    LOOP
        EXECUTE pg_catalog.format('DROP VIEW %s', alias_name);
    END LOOP;
END
$$;

DROP MATERIALIZED VIEW teloo.mv_ranking_asesores;
DROP MATERIALIZED VIEW teloo.mv_metricas_mensuales;
DROP VIEW teloo.v_ranking_asesores;
DROP VIEW teloo.v_metricas_mensuales;
