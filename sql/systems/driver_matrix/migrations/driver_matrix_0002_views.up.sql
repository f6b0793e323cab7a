-- docs/systems/driver_matrix.md defines every column of what follows. Three rules keep the results the same in every session,
-- on every server and at every hour: days are those of America/Lima, never of the session's TimeZone; nothing asks what day it
-- is today; everything is exact, and ties are broken by key. No common table expression is materialized, so a condition on
-- driver_id reaches every scan.
-- Nor does any hide the tables' statistics from the planner: grouping and joining by columns of base tables keeps its estimates
-- near the truth, and without them it has chosen nested loops of minutes.
CREATE VIEW observational.v_conversion_metrics AS
SELECT
    l.driver_id,
    l.origin_tag,
    l.lead_date,
    date_trunc('week', l.lead_date::timestamp)::date AS week_start,
    row_number() OVER (PARTITION BY l.driver_id ORDER BY l.registered_at, l.lead_id) = 1 AS is_attributed,
    t.first_trip_date,
    t.first_trip_date - l.lead_date AS days_to_first_trip
FROM observational.leads AS l
LEFT JOIN (
    SELECT
        leads.driver_id,
        leads.origin_tag,
        min(trips.trip_date) AS first_trip_date
    FROM observational.leads AS leads
    INNER JOIN ops.trips AS trips ON leads.driver_id = trips.driver_id AND leads.lead_date <= trips.trip_date
    WHERE trips.status = 'completed'
    GROUP BY leads.driver_id, leads.origin_tag
) AS t ON l.driver_id = t.driver_id AND l.origin_tag = t.origin_tag;
COMMENT ON VIEW observational.v_conversion_metrics IS
'One row per driver and origin: when the lead came, whether it is the one that counts, and its first trip.';

CREATE VIEW ops.v_payment_calculation AS
WITH attributed_lead AS NOT MATERIALIZED (
    SELECT
        driver_id,
        origin_tag,
        lead_date,
        week_start
    FROM observational.v_conversion_metrics
    WHERE is_attributed
),

-- The days of a driver's completed trips within the window, in their order: the fifth of them is the day of the milestone of five.
trip_in_window AS (
    SELECT
        t.driver_id,
        array_agg(t.trip_date ORDER BY t.ended_at, t.trip_id) AS trip_dates
    FROM attributed_lead AS l
    INNER JOIN ops.trips AS t
        ON l.driver_id = t.driver_id AND l.lead_date <= t.trip_date AND t.trip_date < l.lead_date + 14
    WHERE t.status = 'completed'
    GROUP BY t.driver_id
),

rule AS (
    SELECT
        origin_tag,
        milestone_trips,
        amount,
        due_days,
        valid_from,
        lead(valid_from) OVER (PARTITION BY origin_tag, milestone_trips ORDER BY valid_from) AS valid_until
    FROM ops.milestone_rules
)

SELECT
    l.driver_id,
    l.origin_tag,
    l.lead_date,
    l.week_start,
    l.lead_date + 13 AS window_end_date,
    r.milestone_trips,
    r.amount AS expected_amount,
    t.trip_dates[r.milestone_trips] IS NOT NULL AS milestone_achieved,
    t.trip_dates[r.milestone_trips] AS achieved_date,
    t.trip_dates[r.milestone_trips] + r.due_days AS due_date
FROM attributed_lead AS l
INNER JOIN rule AS r
    ON
        l.origin_tag = r.origin_tag
        AND l.lead_date >= r.valid_from
        AND (l.lead_date < r.valid_until OR r.valid_until IS NULL)
LEFT JOIN trip_in_window AS t ON l.driver_id = t.driver_id;
COMMENT ON VIEW ops.v_payment_calculation IS
'One row per driver and milestone that a rule pays for: whether and when achieved, and what the partner then owes.';

CREATE VIEW ops.v_cabinet_milestones_achieved_from_payment_calc AS
SELECT
    driver_id,
    milestone_trips AS milestone_value,
    origin_tag,
    lead_date,
    achieved_date,
    expected_amount,
    due_date
FROM ops.v_payment_calculation
WHERE milestone_achieved;
COMMENT ON VIEW ops.v_cabinet_milestones_achieved_from_payment_calc IS
'One row per driver and milestone achieved.';

CREATE VIEW ops.v_claims_payment_status_cabinet AS
SELECT
    c.driver_id,
    c.milestone_value,
    c.lead_date,
    c.claims,
    c.first_claimed_date,
    c.claimed_date AS last_claimed_date,
    c.status AS claim_status,
    c.amount AS claimed_amount,
    coalesce(p.paid_amount, 0.00) AS paid_amount,
    p.paid_date,
    CASE
        WHEN p.paid_amount >= c.amount THEN 'paid'
        WHEN p.paid_amount > 0 THEN 'partial'
        WHEN c.status = 'rejected' THEN 'rejected'
        ELSE 'pending'
    END AS payment_status
FROM (
    SELECT DISTINCT ON (driver_id, milestone_value)
        driver_id,
        milestone_value,
        lead_date,
        claimed_date,
        status,
        amount,
        count(*) OVER (PARTITION BY driver_id, milestone_value) AS claims,
        min(claimed_date) OVER (PARTITION BY driver_id, milestone_value) AS first_claimed_date
    FROM ops.yango_claims
    ORDER BY driver_id ASC, milestone_value ASC, claimed_at DESC, claim_id DESC
) AS c
LEFT JOIN (
    SELECT
        driver_id,
        milestone_value,
        sum(amount) AS paid_amount,
        max(paid_date) AS paid_date
    FROM ops.yango_payments
    GROUP BY driver_id, milestone_value
) AS p ON c.driver_id = p.driver_id AND c.milestone_value = p.milestone_value;
COMMENT ON VIEW ops.v_claims_payment_status_cabinet IS
'One row per driver and milestone claimed, reached or not: its latest claim, and what was paid.';

CREATE VIEW ops.v_yango_payments_claims_cabinet_14d AS
SELECT
    p.driver_id,
    p.milestone_value,
    p.payments,
    p.paid_amount,
    p.first_paid_date,
    p.paid_date,
    c.first_claimed_date,
    p.first_paid_date - c.first_claimed_date AS days_to_payment,
    p.first_paid_date - c.first_claimed_date <= 14 AS paid_within_14d
FROM (
    SELECT
        driver_id,
        milestone_value,
        count(*) AS payments,
        sum(amount) AS paid_amount,
        min(paid_date) AS first_paid_date,
        max(paid_date) AS paid_date
    FROM ops.yango_payments
    GROUP BY driver_id, milestone_value
) AS p
INNER JOIN (
    SELECT
        driver_id,
        milestone_value,
        min(claimed_date) AS first_claimed_date
    FROM ops.yango_claims
    GROUP BY driver_id, milestone_value
) AS c ON p.driver_id = c.driver_id AND p.milestone_value = c.milestone_value;
COMMENT ON VIEW ops.v_yango_payments_claims_cabinet_14d IS
'One row per driver and milestone with payments: what was paid, and whether within 14 days of the first claim.';

CREATE VIEW ops.v_yango_cabinet_claims_for_collection AS
SELECT
    a.driver_id,
    a.milestone_value,
    a.achieved_date,
    a.due_date,
    a.expected_amount,
    s.paid_amount,
    a.expected_amount - s.paid_amount AS outstanding_amount,
    s.payment_status AS collection_status,
    greatest(newest.statement_date - a.due_date, 0) AS overdue_days
FROM ops.v_cabinet_milestones_achieved_from_payment_calc AS a
INNER JOIN ops.v_claims_payment_status_cabinet AS s
    ON a.driver_id = s.driver_id AND a.milestone_value = s.milestone_value
CROSS JOIN (SELECT max(statement_date) AS statement_date FROM ops.yango_statements) AS newest
WHERE a.expected_amount > s.paid_amount;
COMMENT ON VIEW ops.v_yango_cabinet_claims_for_collection IS
'One row per milestone achieved and claimed that is not paid in full: what is left, and how long overdue.';

CREATE VIEW ops.v_cabinet_ops_14d_sanity AS
SELECT
    l.driver_id,
    l.lead_date,
    coalesce(t.trips_14d, 0) AS trips_14d,
    coalesce(t.cancelled_14d, 0) AS cancelled_14d,
    t.first_trip_14d_date,
    t.last_trip_14d_date,
    e.connected_date,
    coalesce(e.connected_date <= l.lead_date + 13, false) AS connected_14d,
    t.first_trip_14d_date IS NULL OR coalesce(e.connected_date <= t.first_trip_14d_date, false) AS is_consistent
FROM observational.v_conversion_metrics AS l
LEFT JOIN (
    SELECT
        trips.driver_id,
        count(*) FILTER (WHERE trips.status = 'completed') AS trips_14d,
        count(*) FILTER (WHERE trips.status = 'cancelled') AS cancelled_14d,
        min(trips.trip_date) FILTER (WHERE trips.status = 'completed') AS first_trip_14d_date,
        max(trips.trip_date) FILTER (WHERE trips.status = 'completed') AS last_trip_14d_date
    FROM observational.v_conversion_metrics AS leads
    INNER JOIN ops.trips AS trips
        ON
            leads.driver_id = trips.driver_id
            AND leads.lead_date <= trips.trip_date
            AND trips.trip_date < leads.lead_date + 14
    WHERE leads.is_attributed
    GROUP BY trips.driver_id
) AS t ON l.driver_id = t.driver_id
LEFT JOIN (
    SELECT
        driver_id,
        min(happened_date) AS connected_date
    FROM ops.funnel_events
    WHERE stage = 'connected'
    GROUP BY driver_id
) AS e ON l.driver_id = e.driver_id
WHERE l.is_attributed;
COMMENT ON VIEW ops.v_cabinet_ops_14d_sanity IS
'One row per driver with a lead: its trips in the 14 days, and whether they agree with its connection.';

CREATE VIEW ops.v_cabinet_funnel_status AS
SELECT
    s.driver_id,
    s.lead_date,
    CASE
        WHEN s.trips_14d >= 25 THEN 'reached_m25'
        WHEN s.trips_14d >= 5 THEN 'reached_m5'
        WHEN s.trips_14d >= 1 THEN 'reached_m1'
        WHEN e.connected THEN 'connected_no_trips'
        WHEN e.documents_approved THEN 'registered_complete'
        ELSE 'registered_incomplete'
    END AS funnel_status
FROM ops.v_cabinet_ops_14d_sanity AS s
LEFT JOIN (
    SELECT
        driver_id,
        bool_or(stage = 'connected') AS connected,
        bool_or(stage = 'documents_approved') AS documents_approved
    FROM ops.funnel_events
    GROUP BY driver_id
) AS e ON s.driver_id = e.driver_id;
COMMENT ON VIEW ops.v_cabinet_funnel_status IS
'One row per driver with a lead: how far it came within 14 days.';

-- The base query, in an ordinary view, from which the materialized view selects everything.
CREATE VIEW ops.v_payments_driver_matrix_cabinet AS
WITH attributed_lead AS (
    SELECT
        driver_id,
        origin_tag,
        lead_date,
        first_trip_date
    FROM observational.v_conversion_metrics
    WHERE is_attributed
),

-- Every driver whom a rule pays for, whatever was achieved.
calculation AS (
    SELECT
        driver_id,
        sum(expected_amount) AS potential_total
    FROM ops.v_payment_calculation
    GROUP BY driver_id
),

-- A driver has at most one row per milestone in each of the next four: the aggregates only turn rows into columns.
milestone AS (
    SELECT
        driver_id,
        max(achieved_date) FILTER (WHERE milestone_value = 1) AS m1_achieved_date,
        max(expected_amount) FILTER (WHERE milestone_value = 1) AS m1_expected_amount,
        max(due_date) FILTER (WHERE milestone_value = 1) AS m1_due_date,
        max(achieved_date) FILTER (WHERE milestone_value = 5) AS m5_achieved_date,
        max(expected_amount) FILTER (WHERE milestone_value = 5) AS m5_expected_amount,
        max(due_date) FILTER (WHERE milestone_value = 5) AS m5_due_date,
        max(achieved_date) FILTER (WHERE milestone_value = 25) AS m25_achieved_date,
        max(expected_amount) FILTER (WHERE milestone_value = 25) AS m25_expected_amount,
        max(due_date) FILTER (WHERE milestone_value = 25) AS m25_due_date
    FROM ops.v_cabinet_milestones_achieved_from_payment_calc
    GROUP BY driver_id
),

claim AS (
    SELECT
        driver_id,
        max(lead_date) AS lead_date,
        max(payment_status) FILTER (WHERE milestone_value = 1) AS m1_payment_status,
        max(payment_status) FILTER (WHERE milestone_value = 5) AS m5_payment_status,
        max(payment_status) FILTER (WHERE milestone_value = 25) AS m25_payment_status
    FROM ops.v_claims_payment_status_cabinet
    GROUP BY driver_id
),

payment AS (
    SELECT
        driver_id,
        max(paid_amount) FILTER (WHERE milestone_value = 1) AS m1_paid_amount,
        max(paid_date) FILTER (WHERE milestone_value = 1) AS m1_paid_date,
        max(paid_amount) FILTER (WHERE milestone_value = 5) AS m5_paid_amount,
        max(paid_date) FILTER (WHERE milestone_value = 5) AS m5_paid_date,
        max(paid_amount) FILTER (WHERE milestone_value = 25) AS m25_paid_amount,
        max(paid_date) FILTER (WHERE milestone_value = 25) AS m25_paid_date
    FROM ops.v_yango_payments_claims_cabinet_14d
    GROUP BY driver_id
),

collection AS (
    SELECT
        driver_id,
        max(overdue_days) FILTER (WHERE milestone_value = 1) AS m1_overdue_days,
        max(overdue_days) FILTER (WHERE milestone_value = 5) AS m5_overdue_days,
        max(overdue_days) FILTER (WHERE milestone_value = 25) AS m25_overdue_days,
        max(overdue_days) AS max_overdue_days
    FROM ops.v_yango_cabinet_claims_for_collection
    GROUP BY driver_id
),

-- Both sides, whole: milestones that nobody claimed, and claims that no milestone stands for.
roster AS (
    SELECT
        coalesce(k.driver_id, c.driver_id) AS driver_id,
        CASE
            WHEN c.driver_id IS NULL THEN 'programme_only'
            WHEN k.driver_id IS NULL THEN 'claims_only'
            ELSE 'both'
        END AS roster_side,
        k.potential_total,
        c.lead_date AS claimed_lead_date,
        c.m1_payment_status,
        c.m5_payment_status,
        c.m25_payment_status
    FROM calculation AS k
    FULL OUTER JOIN claim AS c ON k.driver_id = c.driver_id
),

matrix AS (
    SELECT
        r.driver_id,
        d.driver_name,
        l.origin_tag,
        coalesce(l.lead_date, r.claimed_lead_date) AS lead_date,
        r.roster_side,
        f.funnel_status,
        s.connected_date,
        l.first_trip_date,
        s.trips_14d,
        s.is_consistent,
        CASE
            WHEN r.m1_payment_status IS NOT NULL THEN r.m1_payment_status
            WHEN m.m1_achieved_date IS NOT NULL THEN 'not_claimed'
        END AS m1_claim_status,
        CASE
            WHEN r.m5_payment_status IS NOT NULL THEN r.m5_payment_status
            WHEN m.m5_achieved_date IS NOT NULL THEN 'not_claimed'
        END AS m5_claim_status,
        CASE
            WHEN r.m25_payment_status IS NOT NULL THEN r.m25_payment_status
            WHEN m.m25_achieved_date IS NOT NULL THEN 'not_claimed'
        END AS m25_claim_status,
        m.m1_achieved_date,
        m.m1_expected_amount,
        m.m1_due_date,
        m.m5_achieved_date,
        m.m5_expected_amount,
        m.m5_due_date,
        m.m25_achieved_date,
        m.m25_expected_amount,
        m.m25_due_date,
        p.m1_paid_amount,
        p.m1_paid_date,
        p.m5_paid_amount,
        p.m5_paid_date,
        p.m25_paid_amount,
        p.m25_paid_date,
        c.m1_overdue_days,
        c.m5_overdue_days,
        c.m25_overdue_days,
        c.max_overdue_days,
        coalesce(r.potential_total, 0.00) AS potential_total,
        -- What was paid, less what was owed, of each milestone: below zero it is outstanding, above it is in excess.
        coalesce(p.m1_paid_amount, 0.00) - coalesce(m.m1_expected_amount, 0.00) AS m1_balance,
        coalesce(p.m5_paid_amount, 0.00) - coalesce(m.m5_expected_amount, 0.00) AS m5_balance,
        coalesce(p.m25_paid_amount, 0.00) - coalesce(m.m25_expected_amount, 0.00) AS m25_balance
    FROM roster AS r
    LEFT JOIN attributed_lead AS l ON r.driver_id = l.driver_id
    LEFT JOIN milestone AS m ON r.driver_id = m.driver_id
    LEFT JOIN payment AS p ON r.driver_id = p.driver_id
    LEFT JOIN collection AS c ON r.driver_id = c.driver_id
    LEFT JOIN ops.v_cabinet_funnel_status AS f ON r.driver_id = f.driver_id
    LEFT JOIN ops.v_cabinet_ops_14d_sanity AS s ON r.driver_id = s.driver_id
    LEFT JOIN public.drivers AS d ON r.driver_id = d.driver_id
)

SELECT
    driver_id,
    driver_name,
    origin_tag,
    lead_date,
    date_trunc('week', lead_date::timestamp)::date AS week_start,
    roster_side,
    funnel_status,
    connected_date,
    first_trip_date,
    trips_14d,
    is_consistent,
    m1_achieved_date IS NOT NULL AS m1_achieved_flag,
    m1_achieved_date,
    m1_expected_amount,
    m1_due_date,
    m1_claim_status,
    m1_paid_amount,
    m1_paid_date,
    m1_overdue_days,
    m5_achieved_date IS NOT NULL AS m5_achieved_flag,
    m5_achieved_date,
    m5_expected_amount,
    m5_due_date,
    m5_claim_status,
    m5_paid_amount,
    m5_paid_date,
    m5_overdue_days,
    m25_achieved_date IS NOT NULL AS m25_achieved_flag,
    m25_achieved_date,
    m25_expected_amount,
    m25_due_date,
    m25_claim_status,
    m25_paid_amount,
    m25_paid_date,
    m25_overdue_days,
    potential_total,
    coalesce(m1_expected_amount, 0.00) + coalesce(m5_expected_amount, 0.00) + coalesce(m25_expected_amount, 0.00)
        AS expected_total,
    coalesce(m1_paid_amount, 0.00) + coalesce(m5_paid_amount, 0.00) + coalesce(m25_paid_amount, 0.00) AS paid_total,
    greatest(-m1_balance, 0.00) + greatest(-m5_balance, 0.00) + greatest(-m25_balance, 0.00) AS outstanding_total,
    greatest(m1_balance, 0.00) + greatest(m5_balance, 0.00) + greatest(m25_balance, 0.00) AS excess_total,
    max_overdue_days,
    least(m1_balance, m5_balance, m25_balance) < 0 AS only_pending
FROM matrix;
COMMENT ON VIEW ops.v_payments_driver_matrix_cabinet IS
'The base query of ops.mv_payments_driver_matrix_cabinet: always current, and slow.';
