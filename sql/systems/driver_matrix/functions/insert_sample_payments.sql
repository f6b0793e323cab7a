-- Payments of four in five of the claims approved, 3 to 34 days later: some in two parts, some short, and few taken back again.
CREATE OR REPLACE FUNCTION driver_matrix.insert_sample_payments(as_of date)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO ops.yango_payments (payment_id, claim_id, driver_id, milestone_value, paid_at, amount)
    SELECT
        row_number() OVER (ORDER BY paid.paid_at, paid.claim_id, paid.part),
        paid.claim_id,
        paid.driver_id,
        paid.milestone_value,
        paid.paid_at,
        paid.amount
    FROM (
        SELECT
            c.claim_id,
            c.driver_id,
            c.milestone_value,
            part,
            driver_matrix.sample_moment(c.claimed_date + 3 + ((c.h >> 8) & 31)::integer + part * 5, c.h >> 16) AS paid_at,
            CASE
                WHEN c.kind >= 12 AND part = 0 THEN c.amount - 10.00
                WHEN c.kind = 12 THEN 10.00
                WHEN part = 1 THEN -c.amount
                ELSE c.amount
            END AS amount
        FROM (
            SELECT claims.*, hash.h, (hash.h >> 4) & 15 AS kind
            FROM ops.yango_claims AS claims
            CROSS JOIN LATERAL (SELECT hashint8extended(claims.claim_id, 8) AS h OFFSET 0) AS hash
            WHERE claims.status = 'approved'
        ) AS c
        -- Kinds 0 to 10 are paid at once, 11 taken back, 12 paid in two parts, 13 and above short.
        CROSS JOIN generate_series(0, 1) AS part
        WHERE c.h & 15 < 13 AND (part = 0 OR c.kind IN (11, 12))
    ) AS paid
    WHERE paid.paid_at < as_of::timestamp AT TIME ZONE 'America/Lima';

    PERFORM setval(pg_get_serial_sequence('ops.yango_payments', 'payment_id'), greatest(max(payment_id), 1))
    FROM ops.yango_payments;
END
$$;
