-- Wholesale orders, day by day: 1,500 to 85,000 pesos, on credit for up to 90 days; those of the last 45 days are mostly
-- not paid yet.
CREATE OR REPLACE FUNCTION universal_transactions.insert_sample_wholesale(
    transactions bigint, customers integer, as_of date
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO universal_transactions.cpg_wholesale (id, fecha, cliente_id, dias_credito, metodo_pago, monto_total, estado)
    SELECT
        n,
        (as_of - 365 + day + time '07:00' + ((h & 32767) + 1) * interval '1 second') AT TIME ZONE 'America/Mexico_City',
        1 + (((h >> 16) & 65535) * customers >> 16),
        (30 * ((h >> 32) & 3))::integer,
        CASE WHEN (h >> 32) & 3 > 0 THEN 'credito' WHEN (h >> 34) & 1 = 0 THEN 'transferencia' ELSE 'efectivo' END,
        (150000 + r * r / 128) * 0.01,
        CASE
            WHEN (h >> 51) & 31 = 0 THEN 'cancelada'
            WHEN day >= 320 AND (h >> 56) & 3 > 0 THEN CASE WHEN day >= 350 THEN 'pedida' ELSE 'facturada' END
            ELSE 'pagada'
        END
    FROM (
        SELECT n, ((n - 1) * 365 / transactions)::integer AS day, hashint8extended(n, 14) AS h, hashint8extended(n, 15) & 32767 AS r
        FROM generate_series(1, transactions) AS n
        OFFSET 0 -- as in insert_sample_consignments()
    ) AS numbered;

    PERFORM setval(pg_get_serial_sequence('universal_transactions.cpg_wholesale', 'id'), greatest(transactions, 1), transactions > 0);
END
$$;
