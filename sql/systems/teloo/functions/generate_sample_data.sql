-- Fills the empty system with that many requests of the 15 months up to and without as_of, and the clients, advisors,
-- notifications, offers, evaluations and audits that fit. The same arguments give the same rows on every platform and
-- version: they come from hashes of the row's number, in exact arithmetic. One transaction; the foreign keys and
-- indexes of the big tables are dropped and built again in it.
CREATE OR REPLACE FUNCTION teloo.generate_sample_data(
    solicitudes bigint,
    as_of date DEFAULT (pg_catalog.now() AT TIME ZONE 'America/Bogota')::pg_catalog.date
)
RETURNS TABLE (table_name text, row_count bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET maintenance_work_mem = '256MB'
SET work_mem = '64MB'
AS $$
DECLARE
    most_requests CONSTANT bigint := 20000000;
    -- Few advisors for few requests, so that even a small sample has some who won several offers.
    advisors CONSTANT integer := least(greatest(solicitudes / 50, 60), 6000)::integer;
    clients CONSTANT integer := least(greatest(solicitudes / 3, 20), 1000000)::integer;
    restoring text[];
    statement text;
BEGIN
    IF solicitudes IS NULL OR solicitudes NOT BETWEEN 1 AND most_requests THEN
        RAISE EXCEPTION 'cannot generate % requests', coalesce(solicitudes::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = format('Ask for 1 to %s.', most_requests);
    ELSIF as_of IS NULL OR as_of NOT BETWEEN date '2000-01-01' AND date '2099-12-31' THEN
        RAISE EXCEPTION 'cannot generate requests up to %', coalesce(as_of::text, 'NULL')
        USING
            ERRCODE = 'invalid_parameter_value',
            HINT = 'Leave as_of out for today in Bogota, or give a date of 2000 to 2099.';
    END IF;

    -- Two generators at once would both find the tables empty.
    LOCK TABLE teloo.clientes, teloo.asesores, teloo.solicitudes, teloo.ofertas, teloo.evaluaciones, teloo.auditorias,
        teloo.notificaciones
    IN ACCESS EXCLUSIVE MODE;
    IF EXISTS (SELECT FROM teloo.clientes) OR EXISTS (SELECT FROM teloo.asesores) THEN
        RAISE EXCEPTION 'the teloo tables hold rows already; sample data is for empty ones'
        USING
            ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'To throw those rows away: TRUNCATE teloo.notificaciones, teloo.auditorias, teloo.evaluaciones, '
                'teloo.ofertas, teloo.solicitudes, teloo.asesores, teloo.clientes;';
    END IF;

    PERFORM teloo.insert_sample_advisors(advisors, as_of);
    PERFORM teloo.insert_sample_clients(clients);
    restoring := teloo.begin_bulk_load('teloo.evaluaciones') || teloo.begin_bulk_load('teloo.notificaciones')
        || teloo.begin_bulk_load('teloo.ofertas') || teloo.begin_bulk_load('teloo.solicitudes');
    PERFORM teloo.insert_sample_requests(solicitudes, advisors, clients, as_of);
    -- Keys before the foreign keys that refer to them.
    FOR statement IN SELECT s.s FROM unnest(restoring) AS s (s) ORDER BY s.s LIKE '% FOREIGN KEY %' LOOP
        EXECUTE statement;
    END LOOP;

    ANALYZE teloo.clientes, teloo.asesores, teloo.solicitudes, teloo.ofertas, teloo.evaluaciones, teloo.auditorias,
        teloo.notificaciones;
    RETURN QUERY
    SELECT 'clientes', count(*) FROM teloo.clientes
    UNION ALL SELECT 'asesores', count(*) FROM teloo.asesores
    UNION ALL SELECT 'solicitudes', count(*) FROM teloo.solicitudes
    UNION ALL SELECT 'ofertas', count(*) FROM teloo.ofertas
    UNION ALL SELECT 'evaluaciones', count(*) FROM teloo.evaluaciones
    UNION ALL SELECT 'auditorias', count(*) FROM teloo.auditorias
    UNION ALL SELECT 'notificaciones', count(*) FROM teloo.notificaciones;
END
$$;
