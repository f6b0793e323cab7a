-- The trigger functions that there are for a captured table, needed or not.
CREATE OR REPLACE FUNCTION bi_refresh.capture_function_oids(capture_id integer)
RETURNS oid[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(pg_catalog.array_agg(p.oid), '{}')
FROM pg_catalog.pg_proc AS p
WHERE p.pronamespace = 'bi_refresh_incremental'::pg_catalog.regnamespace
    AND p.proname ~ pg_catalog.format('^capture_%s_(insert|update|delete|truncate)(_row)?$', capture_id)
$$;
