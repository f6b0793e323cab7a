DROP MATERIALIZED VIEW fluxion.mv_ubicaciones_summary_regional;
DROP VIEW fluxion.v_ubicaciones_summary_regional;
DROP TABLE fluxion.ventas;
DROP TABLE fluxion.inventario;
DROP TABLE fluxion.productos;
DROP TABLE fluxion.almacenes;
DROP TABLE fluxion.ubicaciones;

-- Functions are created anew at every migrate, so no migration lists them: all that stand in the schema go.
DO $$
DECLARE
    function_signature text;
BEGIN
    FOR function_signature IN
        SELECT pg_proc.oid::pg_catalog.regprocedure
        FROM pg_catalog.pg_proc
        WHERE pg_proc.pronamespace = 'fluxion'::pg_catalog.regnamespace
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', function_signature);
    END LOOP;
END
$$;

-- Without CASCADE: whatever somebody else put into the schema stops this migration instead of vanishing with it.
DROP SCHEMA fluxion;
