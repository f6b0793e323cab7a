-- Fills the empty system with that many drivers, who came in the year before as_of, and their trips, claims and payments. The
-- same arguments give the same rows on every platform and version: they come from hashes of the row's number, in integer
-- arithmetic. One transaction; the foreign keys and indexes of the trips are dropped and built again in it.
CREATE OR REPLACE FUNCTION driver_matrix.generate_sample_data(
    drivers bigint,
    as_of date DEFAULT (pg_catalog.now() AT TIME ZONE 'America/Lima')::pg_catalog.date
)
RETURNS TABLE (table_name text, row_count bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET maintenance_work_mem = '256MB'
AS $$
DECLARE
    most_drivers CONSTANT bigint := 2000000;
    restoring text[];
    statement text;
BEGIN
    IF drivers IS NULL OR drivers NOT BETWEEN 1 AND most_drivers THEN
        RAISE EXCEPTION 'cannot generate % drivers', coalesce(drivers::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = format('Ask for 1 to %s.', most_drivers);
    ELSIF as_of IS NULL OR NOT isfinite(as_of) THEN
        RAISE EXCEPTION 'cannot generate drivers up to %', coalesce(as_of::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave as_of out for today in Lima, or give a date.';
    END IF;

    -- Two generators at once would both find the tables empty.
    LOCK TABLE public.drivers, observational.leads, ops.trips, ops.funnel_events, ops.milestone_rules, ops.yango_claims,
    ops.yango_payments, ops.yango_statements IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM public.drivers) OR EXISTS (SELECT FROM ops.milestone_rules)
        OR EXISTS (SELECT FROM ops.yango_claims) OR EXISTS (SELECT FROM ops.yango_statements)
    THEN
        RAISE EXCEPTION 'the driver_matrix tables hold rows already; sample data is for empty ones'
        USING
            ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'To throw those rows away: TRUNCATE public.drivers, observational.leads, ops.trips, ops.funnel_events, '
                'ops.milestone_rules, ops.yango_claims, ops.yango_payments, ops.yango_statements;';
    END IF;

    PERFORM driver_matrix.insert_sample_rules(as_of);
    PERFORM driver_matrix.insert_sample_leads(drivers, as_of);
    restoring := driver_matrix.begin_bulk_load('ops.trips');
    PERFORM driver_matrix.insert_sample_trips(as_of);
    FOREACH statement IN ARRAY restoring LOOP
        EXECUTE statement;
    END LOOP;
    ANALYZE public.drivers, observational.leads, ops.trips, ops.funnel_events, ops.milestone_rules;

    PERFORM driver_matrix.insert_sample_claims(drivers, as_of);
    ANALYZE ops.yango_claims;
    PERFORM driver_matrix.insert_sample_payments(as_of);
    ANALYZE ops.yango_payments, ops.yango_statements;

    -- In this order, even where parallel workers count.
    RETURN QUERY
    SELECT counted.name, counted.number
    FROM (
        SELECT 1, 'public.drivers', count(*) FROM public.drivers
        UNION ALL SELECT 2, 'observational.leads', count(*) FROM observational.leads
        UNION ALL SELECT 3, 'ops.trips', count(*) FROM ops.trips
        UNION ALL SELECT 4, 'ops.funnel_events', count(*) FROM ops.funnel_events
        UNION ALL SELECT 5, 'ops.milestone_rules', count(*) FROM ops.milestone_rules
        UNION ALL SELECT 6, 'ops.yango_claims', count(*) FROM ops.yango_claims
        UNION ALL SELECT 7, 'ops.yango_payments', count(*) FROM ops.yango_payments
        UNION ALL SELECT 8, 'ops.yango_statements', count(*) FROM ops.yango_statements
    ) AS counted (place, name, number)
    ORDER BY counted.place;
END
$$;
