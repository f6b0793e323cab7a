-- Sales at the point of sale, day by day, in 24 shops open from 9 to 21: three in four without a customer's name. Most are
-- small; one in 500 is twenty times as large as it would be.
CREATE OR REPLACE FUNCTION universal_transactions.insert_sample_pos(transactions bigint, customers integer, as_of date)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO universal_transactions.cpg_pos (id, fecha, cliente_id, sucursal, caja, metodo_pago, monto_total, estado)
    SELECT
        n,
        (as_of - 365 + ((n - 1) * 365 / transactions)::integer + time '09:00' + ((h & 65535) * 43200 >> 16) * interval '1 second')
        AT TIME ZONE 'America/Mexico_City',
        CASE WHEN (h >> 16) & 3 = 0 THEN 1 + (((h >> 18) & 65535) * customers >> 16) END,
        'Sucursal ' || 1 + (((h >> 34) & 1023) * 24 >> 10),
        1 + ((h >> 44) & 3)::integer,
        CASE WHEN (h >> 46) & 15 < 7 THEN 'efectivo' WHEN (h >> 46) & 15 < 15 THEN 'tarjeta' ELSE 'transferencia' END,
        (2500 + r * r * r / 4096) * CASE WHEN (h >> 50) & 511 = 0 THEN 0.20 ELSE 0.01 END,
        CASE (h >> 59) & 31 WHEN 0 THEN 'cancelada' WHEN 1 THEN 'devuelta' ELSE 'pagada' END
    FROM (
        SELECT n, hashint8extended(n, 12) AS h, hashint8extended(n, 13) & 1023 AS r
        FROM generate_series(1, transactions) AS n
        OFFSET 0 -- as in insert_sample_consignments()
    ) AS numbered;

    PERFORM setval(pg_get_serial_sequence('universal_transactions.cpg_pos', 'id'), transactions);
END
$$;
