-- Drivers; for fifteen in sixteen the registration, on any day of the year before as_of; for one in thirty-two of those a second
-- one, through another origin; and how far they came before their first trip.
CREATE OR REPLACE FUNCTION driver_matrix.insert_sample_leads(drivers bigint, as_of date)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first_names CONSTANT text[] := ARRAY[
        'Ana', 'Carlos', 'Diego', 'Elena', 'Fernando', 'Gloria', 'Hugo', 'Inés', 'José', 'Karina', 'Luis', 'María', 'Nelly',
        'Óscar', 'Pedro', 'Rosa'
    ];
    surnames CONSTANT text[] := ARRAY[
        'Quispe', 'Flores', 'Rojas', 'Huamán', 'Mamani', 'Díaz', 'Chávez', 'Ñahui', 'Castillo', 'Vargas', 'Ramos', 'Ríos',
        'Salazar', 'Torres', 'Paredes', 'Zevallos'
    ];
    -- Four places on stands another one: a driver registers through an origin once.
    origins CONSTANT text[] := ARRAY[
        'cabinet', 'cabinet', 'cabinet', 'cabinet', 'fleet_migration', 'fleet_migration', 'referral', 'organic'
    ];
BEGIN
    INSERT INTO public.drivers (driver_id, driver_name, city)
    SELECT
        d.n,
        first_names[1 + (d.h & 15)] || ' ' || surnames[1 + ((d.h >> 4) & 15)] || ' ' || surnames[1 + ((d.h >> 8) & 15)],
        (ARRAY['Lima', 'Lima', 'Lima', 'Arequipa', 'Trujillo', 'Callao', 'Cusco', 'Piura'])[1 + ((d.h >> 12) & 7)]
    FROM (
        SELECT n, hashint8extended(n, 1) AS h
        FROM generate_series(1, drivers) AS n
        OFFSET 0 -- keeps the hash from being worked out anew for every use of its bits
    ) AS d;

    INSERT INTO observational.leads (lead_id, driver_id, origin_tag, registered_at)
    SELECT
        row_number() OVER (ORDER BY lead.registered_at, lead.n, lead.again),
        lead.n,
        lead.origin_tag,
        lead.registered_at
    FROM (
        SELECT
            d.n,
            attempt.again,
            origins[1 + (((d.h >> 8) + attempt.again * 4) & 7)] AS origin_tag,
            (as_of - 1 - (((d.h >> 12) & 4095) * 364 / 4096)::integer)::timestamp AT TIME ZONE 'America/Lima'
            + ((((d.h >> 24) & 65535) * 86400 >> 16) + attempt.again * 1000000) * interval '1 second' AS registered_at
        FROM (SELECT n, hashint8extended(n, 2) AS h FROM generate_series(1, drivers) AS n OFFSET 0) AS d
        CROSS JOIN generate_series(0, 1) AS attempt (again)
        WHERE d.h & 15 <> 0 AND (attempt.again = 0 OR (d.h >> 40) & 31 = 0)
    ) AS lead
    WHERE lead.registered_at < as_of::timestamp AT TIME ZONE 'America/Lima';

    PERFORM setval(pg_get_serial_sequence('observational.leads', 'lead_id'), greatest(max(lead_id), 1)) FROM observational.leads;

    INSERT INTO ops.funnel_events (event_id, driver_id, stage, happened_at)
    SELECT
        row_number() OVER (ORDER BY event.happened_at, event.driver_id, event.stage COLLATE "C"),
        event.driver_id,
        event.stage,
        event.happened_at
    FROM (
        SELECT
            d.driver_id,
            stage.name AS stage,
            d.registered_at + ((d.h >> stage.shift) & 4095) * stage.pace * interval '1 second' AS happened_at
        FROM (
            SELECT driver_id, min(registered_at) AS registered_at, hashint8extended(driver_id, 3) AS h
            FROM observational.leads
            GROUP BY driver_id
            OFFSET 0
        ) AS d
        -- The classes are those of insert_sample_trips. One connected driver in 64 has no record of it.
        INNER JOIN (VALUES ('documents_approved', 6, 8, 20), ('connected', 12, 20, 60)) AS stage (name, from_class, shift, pace)
            ON d.h & 63 >= stage.from_class AND (stage.name <> 'connected' OR (d.h >> 40) & 63 <> 0)
    ) AS event
    WHERE event.happened_at < as_of::timestamp AT TIME ZONE 'America/Lima';

    PERFORM setval(pg_get_serial_sequence('ops.funnel_events', 'event_id'), greatest(max(event_id), 1)) FROM ops.funnel_events;
END
$$;
