-- New transactions in the ten minutes before `at`: what a refresh finds changed. Of twenty, 13 are sales at the point of sale, five
-- orders of the web shop, one a wholesale order and one a consignment. Every one repeats an earlier one of its line, picked by
-- hash; a large one asks for a refresh, as it would in earnest. Returns the number added: a line without any transaction gets none.
CREATE OR REPLACE FUNCTION universal_transactions.add_sample_transactions(
    number integer, at timestamptz DEFAULT pg_catalog.now()
)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    line record;
    last_id bigint;
    added_here bigint;
    added bigint := 0;
BEGIN
    IF number IS NULL OR number < 0 OR at IS NULL OR NOT isfinite(at) THEN
        RAISE EXCEPTION 'cannot add % transactions at %', coalesce(number::text, 'NULL'), coalesce(at::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Give a number of transactions, and leave `at` out for now.';
    ELSIF NOT EXISTS (SELECT FROM universal_transactions.cpg_pos) THEN
        RAISE EXCEPTION 'universal_transactions.cpg_pos is empty, and new sample transactions repeat earlier ones'
        USING
            ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Run SELECT * FROM universal_transactions.generate_sample_data(10000); first.';
    END IF;

    FOR line IN
        SELECT lines.*
        FROM (
            VALUES
            ('cpg_pos', 0, 12, 'cliente_id, sucursal, caja, metodo_pago, monto_total, estado'),
            ('ecommerce_orders', 13, 17, 'cliente_id, canal, metodo_pago, monto_productos, monto_envio, estado'),
            ('cpg_wholesale', 18, 18, 'cliente_id, dias_credito, metodo_pago, monto_total, estado'),
            ('cpg_consignment', 19, 19, 'cliente_id, unidades, comision_pct, metodo_pago, monto_total, estado')
        ) AS lines (name, first, last, columns)
    LOOP
        EXECUTE format('SELECT coalesce(max(id), 0) FROM universal_transactions.%I', line.name) INTO last_id;
        EXECUTE format(
            'INSERT INTO universal_transactions.%1$I (fecha, %2$s)
            SELECT $1 - (hash.h & 511) * interval ''1 second'', %2$s
            FROM generate_series(1, $2) AS n
            CROSS JOIN LATERAL (SELECT hashint8extended($3 + n, 20) AS h OFFSET 0) AS hash
            CROSS JOIN LATERAL (
                -- The first at or after a number: a deleted one leaves a gap.
                SELECT earlier.*
                FROM universal_transactions.%1$I AS earlier
                WHERE earlier.id BETWEEN 1 + ((hash.h >> 9) & 1048575) * $3 / 1048576 AND $3
                ORDER BY earlier.id
                LIMIT 1
            ) AS repeated
            WHERE n %% 20 BETWEEN $4 AND $5
            ORDER BY n',
            line.name, line.columns
        )
        USING at, number, last_id, line.first, line.last;
        GET DIAGNOSTICS added_here = ROW_COUNT;
        added := added + added_here;
    END LOOP;
    RETURN added;
END
$$;
