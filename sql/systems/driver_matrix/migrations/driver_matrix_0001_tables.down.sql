DROP TABLE ops.yango_statements;
DROP TABLE ops.yango_payments;
DROP TABLE ops.yango_claims;
DROP TABLE ops.milestone_rules;
DROP TABLE ops.funnel_events;
DROP TABLE ops.trips;
DROP TABLE observational.leads;
DROP TABLE public.drivers;

DO $$
DECLARE
    function_signature text;
    shared_schema text;
BEGIN
    -- Functions are created anew at every migrate, so no migration lists them: all that stand in the schema go.
    FOR function_signature IN
        SELECT pg_proc.oid::pg_catalog.regprocedure
        FROM pg_catalog.pg_proc
        WHERE pg_proc.pronamespace = 'driver_matrix'::pg_catalog.regnamespace
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', function_signature);
    END LOOP;

    -- A schema that was there before stays, and so does one that others put something into since: it is theirs by now.
    FOR shared_schema IN
        SELECT n.nspname
        FROM pg_catalog.pg_namespace AS n
        WHERE
            n.nspname IN ('ops', 'observational')
            AND pg_catalog.obj_description(n.oid, 'pg_namespace') = 'Made by Vistafresca with driver_matrix.'
    LOOP
        BEGIN
            EXECUTE pg_catalog.format('DROP SCHEMA %I', shared_schema);
        EXCEPTION
            WHEN dependent_objects_still_exist THEN
                RAISE NOTICE 'schema % stays: it has objects of others', shared_schema;
        END;
    END LOOP;
END
$$;

-- Without CASCADE: whatever somebody else put into the schema stops this migration instead of vanishing with it.
DROP SCHEMA driver_matrix;
