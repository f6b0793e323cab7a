-- Between which two moments the statistics' counters can be compared: they begin anew with a crash and with pg_stat_reset().
CREATE OR REPLACE FUNCTION bi_refresh.counters_since()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.concat_ws(' ', pg_catalog.pg_postmaster_start_time(), d.stats_reset)
FROM pg_catalog.pg_stat_database AS d
WHERE d.datname = pg_catalog.current_database()
$$;
