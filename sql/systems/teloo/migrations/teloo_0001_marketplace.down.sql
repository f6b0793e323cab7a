DROP TABLE teloo.notificaciones;
DROP TABLE teloo.auditorias;
DROP TABLE teloo.evaluaciones;
DROP TABLE teloo.ofertas;
DROP TABLE teloo.solicitudes;
DROP TABLE teloo.asesores;
DROP TABLE teloo.clientes;

-- Functions are created anew at every migrate, so no migration lists them: all that stand in the schema go.
DO $$
DECLARE
    function_signature text;
BEGIN
    FOR function_signature IN
        SELECT pg_proc.oid::pg_catalog.regprocedure
        FROM pg_catalog.pg_proc
        WHERE pg_proc.pronamespace = 'teloo'::pg_catalog.regnamespace
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', function_signature);
    END LOOP;
END
$$;

-- Without CASCADE: whatever somebody else put into the schema stops this migration instead of vanishing with it.
DROP SCHEMA teloo;
