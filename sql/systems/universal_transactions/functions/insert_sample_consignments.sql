-- Consignments, day by day: 12 to 650 units each; about two in three of them reach 10,000 pesos.
CREATE OR REPLACE FUNCTION universal_transactions.insert_sample_consignments(
    transactions bigint, customers integer, as_of date
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO universal_transactions.cpg_consignment
        (id, fecha, cliente_id, unidades, comision_pct, metodo_pago, monto_total, estado)
    SELECT
        n,
        (as_of - 365 + ((n - 1) * 365 / transactions)::integer + time '08:00' + ((h & 32767) + 1) * interval '1 second')
        AT TIME ZONE 'America/Mexico_City',
        1 + (((h >> 16) & 65535) * customers >> 16),
        (12 + 5 * ((h >> 32) & 127))::integer,
        10 + ((h >> 39) & 15),
        CASE (h >> 43) & 7 WHEN 0 THEN 'efectivo' WHEN 1 THEN 'tarjeta' ELSE 'transferencia' END,
        (12 + 5 * ((h >> 32) & 127)) * (3000 + ((h >> 46) & 4095)) * 0.01,
        CASE WHEN (h >> 58) & 31 < 3 THEN 'entregada' WHEN (h >> 58) & 31 = 3 THEN 'devuelta' WHEN (h >> 58) & 31 = 4 THEN 'cancelada'
            ELSE 'pagada' END
    FROM (
        SELECT n, hashint8extended(n, 11) AS h
        FROM generate_series(1, transactions) AS n
        OFFSET 0 -- keeps the hash from being worked out anew for every use of its bits
    ) AS numbered;

    PERFORM setval(pg_get_serial_sequence('universal_transactions.cpg_consignment', 'id'), greatest(transactions, 1), transactions > 0);
END
$$;
