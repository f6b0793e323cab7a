-- The names in public first (migrate --public-aliases makes them): that of a view depends on it, that of a function only says so. Not by
-- drop_public_aliases(), which a database that went back to the migration this one needs does not have.
DO $$
DECLARE
    alias record;
BEGIN
    FOR alias IN
        SELECT pg_catalog.format('DROP VIEW %s', pg_class.oid::pg_catalog.regclass) AS statement
        FROM pg_catalog.pg_class
        WHERE pg_class.relnamespace = 'public'::pg_catalog.regnamespace
            AND pg_class.relkind = 'v'
            AND pg_catalog.starts_with(
                pg_catalog.obj_description(pg_class.oid, 'pg_class'), 'Vistafresca: another name for universal_transactions.'
            )
        UNION ALL
        SELECT pg_catalog.format('DROP FUNCTION %s', pg_proc.oid::pg_catalog.regprocedure)
        FROM pg_catalog.pg_proc
        WHERE pg_proc.pronamespace = 'public'::pg_catalog.regnamespace
            AND pg_catalog.starts_with(
                pg_catalog.obj_description(pg_proc.oid, 'pg_proc'), 'Vistafresca: another name for universal_transactions.'
            )
    LOOP
        EXECUTE alias.statement;
    END LOOP;
END
$$;

DROP MATERIALIZED VIEW universal_transactions.universal_transactions_mv;
DROP VIEW universal_transactions.v_universal_transactions;
DROP TABLE universal_transactions.subscription_charges;
DROP TABLE universal_transactions.ecommerce_orders;
DROP TABLE universal_transactions.cpg_wholesale;
DROP TABLE universal_transactions.cpg_pos;
DROP TABLE universal_transactions.cpg_consignment;
DROP TABLE universal_transactions.clientes;

-- Functions are created anew at every migrate, so no migration lists them: all that stand in the schema go.
DO $$
DECLARE
    function_signature text;
BEGIN
    FOR function_signature IN
        SELECT pg_proc.oid::pg_catalog.regprocedure
        FROM pg_catalog.pg_proc
        WHERE pg_proc.pronamespace = 'universal_transactions'::pg_catalog.regnamespace
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', function_signature);
    END LOOP;
END
$$;

-- Without CASCADE: whatever somebody else put into the schema stops this migration instead of vanishing with it.
DROP SCHEMA universal_transactions;
