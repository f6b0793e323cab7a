-- What the partner pays, by origin; half a year before as_of the amounts rose. Organic drivers are not paid for. And a
-- statement for each day of the year.
CREATE OR REPLACE FUNCTION driver_matrix.insert_sample_rules(as_of date)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO ops.milestone_rules (origin_tag, milestone_trips, valid_from, amount, due_days)
    SELECT
        origin.tag,
        milestone.trips,
        as_of - period.days_before,
        milestone.amount * origin.percent / 100 + period.raise,
        14
    FROM (VALUES ('cabinet', 100), ('fleet_migration', 80), ('referral', 60)) AS origin (tag, percent)
    CROSS JOIN (VALUES (1, 25.00), (5, 35.00), (25, 100.00)) AS milestone (trips, amount)
    CROSS JOIN (VALUES (400, 0.00), (182, 5.50)) AS period (days_before, raise);

    INSERT INTO ops.yango_statements (statement_date, imported_at)
    SELECT as_of - n, (as_of - n + 1)::timestamp AT TIME ZONE 'America/Lima' + interval '6 hours'
    FROM generate_series(1, 364) AS n;
END
$$;
