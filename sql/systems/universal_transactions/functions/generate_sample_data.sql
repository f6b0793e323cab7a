-- Fills the empty system with that many transactions over 365 days, in the shares of the lines of business, and the customers that
-- fit. The same arguments give the same rows on every platform and version: they come from hashes of the row's number, in integer
-- arithmetic. One transaction; the keys and indexes of the lines' tables are dropped and built again in it, and the large
-- transactions among them ask for one refresh together.
CREATE OR REPLACE FUNCTION universal_transactions.generate_sample_data(
    transactions bigint,
    as_of date DEFAULT (pg_catalog.now() AT TIME ZONE 'America/Mexico_City')::pg_catalog.date
)
RETURNS TABLE (table_name text, row_count bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET maintenance_work_mem = '256MB'
AS $$
DECLARE
    this_view CONSTANT text := 'universal_transactions.universal_transactions_mv';
    most_transactions CONSTANT bigint := 50000000;
    consignments CONSTANT bigint := transactions / 20;
    wholesale CONSTANT bigint := transactions / 20;
    charges CONSTANT bigint := transactions / 10;
    orders CONSTANT bigint := transactions / 5;
    -- Fewer customers for few transactions, so that even in a small sample some come back.
    customers CONSTANT integer := least(greatest(transactions / 100, 50), 20000);
    line regclass;
    statement text;
    restoring text[] := '{}';
BEGIN
    IF transactions IS NULL OR transactions NOT BETWEEN 1 AND most_transactions THEN
        RAISE EXCEPTION 'cannot generate % transactions', coalesce(transactions::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = format('Ask for 1 to %s.', most_transactions);
    ELSIF as_of IS NULL OR NOT isfinite(as_of) THEN
        RAISE EXCEPTION 'cannot generate transactions up to %', coalesce(as_of::text, 'NULL')
        USING
            ERRCODE = 'invalid_parameter_value',
            HINT = 'Leave as_of out for today in Mexico City, or give a date.';
    END IF;

    -- Two generators at once would both find the tables empty.
    LOCK TABLE
        universal_transactions.clientes, universal_transactions.cpg_consignment, universal_transactions.cpg_pos,
        universal_transactions.cpg_wholesale, universal_transactions.ecommerce_orders, universal_transactions.subscription_charges
    IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM universal_transactions.clientes) OR EXISTS (SELECT FROM universal_transactions.cpg_pos) THEN
        RAISE EXCEPTION 'the universal_transactions tables hold rows already; sample data is for empty ones'
        USING
            ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'To throw those rows away: TRUNCATE universal_transactions.cpg_consignment, universal_transactions.cpg_pos, '
                'universal_transactions.cpg_wholesale, universal_transactions.ecommerce_orders, '
                'universal_transactions.subscription_charges, universal_transactions.clientes;';
    END IF;

    FOREACH line IN ARRAY ARRAY[
        'universal_transactions.cpg_consignment', 'universal_transactions.cpg_pos', 'universal_transactions.cpg_wholesale',
        'universal_transactions.ecommerce_orders', 'universal_transactions.subscription_charges'
    ]::regclass[] LOOP
        restoring := restoring || universal_transactions.begin_bulk_load(line);
    END LOOP;
    PERFORM universal_transactions.insert_sample_customers(customers);
    PERFORM universal_transactions.insert_sample_consignments(consignments, customers, as_of);
    PERFORM universal_transactions.insert_sample_pos(
        transactions - consignments - wholesale - charges - orders, customers, as_of
    );
    PERFORM universal_transactions.insert_sample_wholesale(wholesale, customers, as_of);
    PERFORM universal_transactions.insert_sample_orders(orders, customers, as_of);
    PERFORM universal_transactions.insert_sample_charges(charges, customers, as_of);
    FOREACH statement IN ARRAY restoring LOOP
        EXECUTE statement;
    END LOOP;
    IF EXISTS (SELECT FROM bi_refresh.view_policy AS p WHERE p.view_name = this_view AND p.enabled) THEN
        PERFORM bi_refresh.request_refresh(this_view, 'critical', 'sample data');
    END IF;

    ANALYZE
    universal_transactions.clientes, universal_transactions.cpg_consignment, universal_transactions.cpg_pos,
    universal_transactions.cpg_wholesale, universal_transactions.ecommerce_orders, universal_transactions.subscription_charges;
    RETURN QUERY
    SELECT 'clientes', count(*) FROM universal_transactions.clientes
    UNION ALL SELECT 'cpg_consignment', count(*) FROM universal_transactions.cpg_consignment
    UNION ALL SELECT 'cpg_pos', count(*) FROM universal_transactions.cpg_pos
    UNION ALL SELECT 'cpg_wholesale', count(*) FROM universal_transactions.cpg_wholesale
    UNION ALL SELECT 'ecommerce_orders', count(*) FROM universal_transactions.ecommerce_orders
    UNION ALL SELECT 'subscription_charges', count(*) FROM universal_transactions.subscription_charges
    ORDER BY 1; -- a parallel plan has no order of its own
END
$$;
