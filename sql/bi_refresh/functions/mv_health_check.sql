-- Every enabled managed view: when it was last known to be up to date, how old its data is, and whether it needs a refresh now: it is
-- late, somebody asked for one, or nobody knows how old its data is (age_minutes is NULL where that is its own).
CREATE OR REPLACE FUNCTION bi_refresh.mv_health_check()
RETURNS TABLE (view_name text, last_refresh timestamptz, age_minutes integer, needs_refresh boolean)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    s.view_name,
    s.last_success_at,
    pg_catalog.floor(pg_catalog.date_part('epoch', s.local_lag) / 60)::integer,
    s.freshness <> 'fresh' OR s.waiting_requests > 0 OR s.lag IS NULL
FROM bi_refresh.view_status AS s
WHERE s.enabled
ORDER BY s.view_name
$$;
