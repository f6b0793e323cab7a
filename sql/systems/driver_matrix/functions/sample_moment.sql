-- A moment of that day in Lima: 16 bits of the hash say which.
CREATE OR REPLACE FUNCTION driver_matrix.sample_moment(day date, h bigint)
RETURNS timestamptz
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT day::timestamp AT TIME ZONE 'America/Lima' + ((h & 65535) * 86400 >> 16) * interval '1 second'
$$;
