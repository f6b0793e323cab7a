-- Monthly charges of the twelve months before as_of's, month by month: a twelfth as many subscriptions, of four plans.
CREATE OR REPLACE FUNCTION universal_transactions.insert_sample_charges(
    transactions bigint, customers integer, as_of date
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    subscriptions CONSTANT bigint := (transactions + 11) / 12;
    this_month CONSTANT timestamp := date_trunc('month', as_of::timestamp);
BEGIN
    INSERT INTO universal_transactions.subscription_charges
        (id, fecha, cliente_id, suscripcion_id, plan, periodo, metodo_pago, monto_total, estado)
    SELECT
        n,
        (periodo + ((h & 31) * 27 >> 5) * interval '1 day' + ((h >> 5) & 32767) * interval '1 second')
        AT TIME ZONE 'America/Mexico_City',
        1 + ((s & 65535) * customers >> 16),
        subscription,
        (ARRAY['basico', 'familiar', 'negocio', 'corporativo'])[1 + tier],
        periodo::date,
        CASE WHEN tier = 3 THEN 'transferencia' ELSE 'tarjeta' END,
        (ARRAY[149.00, 299.00, 1490.00, 12500.00])[1 + tier],
        CASE
            WHEN (h >> 20) & 31 = 0 THEN 'fallida'
            WHEN (h >> 20) & 63 = 1 THEN 'reembolsada'
            WHEN (h >> 20) & 127 = 2 THEN 'pendiente'
            ELSE 'cobrada'
        END
    FROM (
        SELECT
            n,
            1 + (n - 1) % subscriptions AS subscription,
            this_month - (12 - (n - 1) / subscriptions) * interval '1 month' AS periodo,
            h,
            s,
            -- 8, 5, 2 and 1 of 16
            CASE WHEN (s >> 16) & 15 < 8 THEN 0 WHEN (s >> 16) & 15 < 13 THEN 1 WHEN (s >> 16) & 15 < 15 THEN 2 ELSE 3 END AS tier
        FROM generate_series(1, transactions) AS n
        CROSS JOIN LATERAL (
            VALUES (hashint8extended(n, 18), hashint8extended(1 + (n - 1) % subscriptions, 19))
        ) AS hash (h, s)
        OFFSET 0 -- as in insert_sample_consignments()
    ) AS numbered;

    PERFORM setval(
        pg_get_serial_sequence('universal_transactions.subscription_charges', 'id'), greatest(transactions, 1), transactions > 0
    );
END
$$;
