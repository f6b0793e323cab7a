-- Two drivers in three make trips: 1 to 64 of them, a few days after the registration, over 10 to 41 days. One in eight is
-- cancelled.
CREATE OR REPLACE FUNCTION driver_matrix.insert_sample_trips(as_of date)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO ops.trips (trip_id, driver_id, ended_at, status)
    SELECT
        row_number() OVER (ORDER BY trip.ended_at, trip.driver_id, trip.k),
        trip.driver_id,
        trip.ended_at,
        CASE WHEN (trip.h >> 16) & 7 = 0 THEN 'cancelled' ELSE 'completed' END
    FROM (
        SELECT
            d.driver_id,
            k,
            hash.h,
            d.registered_at
            + (
                ((d.h >> 24) & 262143) + (k - 1) * (10 + ((d.h >> 16) & 31)) * 86400 / d.trips + (hash.h & 4095)
            ) * interval '1 second' AS ended_at
        FROM (
            SELECT
                driver_id,
                h,
                registered_at,
                -- Squared, so that few drive much.
                1 + (((h >> 8) & 127) * ((h >> 8) & 127) >> 8) AS trips
            FROM (
                SELECT driver_id, min(registered_at) AS registered_at, hashint8extended(driver_id, 3) AS h
                FROM observational.leads
                GROUP BY driver_id
                OFFSET 0
            ) AS hashed
            WHERE h & 63 >= 20
        ) AS d
        CROSS JOIN LATERAL generate_series(1, d.trips) AS k
        CROSS JOIN LATERAL (SELECT hashint8extended(d.driver_id * 128 + k, 4) AS h OFFSET 0) AS hash
    ) AS trip
    WHERE trip.ended_at < as_of::timestamp AT TIME ZONE 'America/Lima';

    PERFORM setval(pg_get_serial_sequence('ops.trips', 'trip_id'), greatest(max(trip_id), 1)) FROM ops.trips;
END
$$;
