-- Claims for four in five of the milestones achieved, some of them rejected and then made again; for milestones that were never
-- reached; and for drivers who are not ours.
CREATE OR REPLACE FUNCTION driver_matrix.insert_sample_claims(drivers bigint, as_of date)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    WITH achieved AS MATERIALIZED (
        SELECT
            a.driver_id,
            a.milestone_value,
            a.lead_date,
            a.achieved_date,
            a.expected_amount,
            hashint8extended(a.driver_id * 128 + a.milestone_value, 5) AS h
        FROM ops.v_cabinet_milestones_achieved_from_payment_calc AS a
    ),

    claim AS (
        SELECT
            a.driver_id,
            a.milestone_value,
            a.lead_date,
            attempt.again,
            driver_matrix.sample_moment(a.achieved_date + 1 + ((a.h >> 4) & 7)::integer + attempt.again * 9, a.h >> 8)
                AS claimed_at,
            CASE
                WHEN (a.h >> 24) & 15 = 15 THEN 'submitted'
                WHEN (a.h >> 24) & 15 BETWEEN 12 AND 14 AND attempt.again = 0 THEN 'rejected'
                ELSE 'approved'
            END AS status,
            a.expected_amount AS amount
        FROM achieved AS a
        CROSS JOIN generate_series(0, 1) AS attempt (again)
        WHERE a.h & 15 < 13 AND (attempt.again = 0 OR (a.h >> 24) & 15 BETWEEN 12 AND 13)
        UNION ALL
        SELECT l.driver_id, 25, l.lead_date, 0, driver_matrix.sample_moment(l.lead_date + 16, l.h >> 8), l.status, 100.00
        FROM (
            SELECT
                d.driver_id,
                coalesce(min(leads.lead_date), as_of - 90) AS lead_date,
                hashint8extended(d.driver_id, 6) AS h,
                (ARRAY['submitted', 'approved', 'rejected', 'rejected'])[1 + (hashint8extended(d.driver_id, 7) & 3)] AS status
            FROM (
                SELECT driver_id
                FROM public.drivers
                UNION ALL
                SELECT n
                FROM generate_series(drivers + 1, drivers + 1 + drivers / 200) AS n
            ) AS d
            LEFT JOIN observational.leads AS leads ON d.driver_id = leads.driver_id
            GROUP BY d.driver_id
        ) AS l
        WHERE
            (l.h & 31 = 0 OR l.driver_id > drivers)
            AND NOT EXISTS (SELECT FROM achieved AS a WHERE a.driver_id = l.driver_id AND a.milestone_value = 25)
    )

    INSERT INTO ops.yango_claims (claim_id, driver_id, milestone_value, lead_date, claimed_at, status, amount)
    SELECT
        row_number() OVER (ORDER BY claimed_at, driver_id, milestone_value, again),
        driver_id,
        milestone_value,
        lead_date,
        claimed_at,
        status,
        amount
    FROM claim
    WHERE claimed_at < as_of::timestamp AT TIME ZONE 'America/Lima';

    PERFORM setval(pg_get_serial_sequence('ops.yango_claims', 'claim_id'), greatest(max(claim_id), 1)) FROM ops.yango_claims;
END
$$;
