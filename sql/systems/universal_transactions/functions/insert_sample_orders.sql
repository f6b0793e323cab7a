-- Orders of the web shop, day by day, at every hour; free delivery from 800 pesos on. One in 250 is twenty times as large
-- as it would be. Those of the last week are mostly under way.
CREATE OR REPLACE FUNCTION universal_transactions.insert_sample_orders(
    transactions bigint, customers integer, as_of date
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO universal_transactions.ecommerce_orders
        (id, fecha, cliente_id, canal, metodo_pago, monto_productos, monto_envio, estado)
    SELECT
        n,
        (as_of - 365 + day + ((h & 65535) * 86400 >> 16) * interval '1 second') AT TIME ZONE 'America/Mexico_City',
        1 + (((h >> 16) & 65535) * customers >> 16),
        CASE (h >> 32) & 3 WHEN 0 THEN 'marketplace' WHEN 1 THEN 'app' ELSE 'web' END,
        CASE WHEN (h >> 34) & 15 < 12 THEN 'tarjeta' WHEN (h >> 34) & 15 < 14 THEN 'transferencia' ELSE 'efectivo' END,
        cents * 0.01,
        CASE WHEN cents >= 80000 THEN 0 WHEN (h >> 38) & 1 = 0 THEN 99 ELSE 149 END,
        CASE
            WHEN (h >> 39) & 31 = 0 THEN 'cancelada'
            WHEN (h >> 39) & 31 = 1 THEN 'reembolsada'
            WHEN day >= 363 THEN CASE WHEN (h >> 44) & 1 = 0 THEN 'pendiente' ELSE 'pagada' END
            WHEN day >= 358 THEN 'enviada'
            ELSE 'entregada'
        END
    FROM (
        SELECT
            n,
            ((n - 1) * 365 / transactions)::integer AS day,
            h,
            (9900 + r * r / 16) * CASE WHEN (h >> 45) & 255 = 0 THEN 20 ELSE 1 END AS cents
        FROM generate_series(1, transactions) AS n
        CROSS JOIN LATERAL (VALUES (hashint8extended(n, 16), hashint8extended(n, 17) & 2047)) AS hash (h, r)
        OFFSET 0 -- as in insert_sample_consignments()
    ) AS numbered;

    PERFORM setval(pg_get_serial_sequence('universal_transactions.ecommerce_orders', 'id'), greatest(transactions, 1), transactions > 0);
END
$$;
