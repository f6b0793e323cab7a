-- The names in public that stand for the schema's (migrate --public-aliases).
SELECT bi_refresh.drop_public_aliases('universal_transactions');
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
