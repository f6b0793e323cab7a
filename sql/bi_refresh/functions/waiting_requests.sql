-- The entries of the event queue that wait for a view and can be seen now.
CREATE OR REPLACE FUNCTION bi_refresh.waiting_requests(view_name text)
RETURNS bigint[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(pg_catalog.array_agg(t.id), '{}')
FROM bi_refresh.mv_refresh_triggers AS t
WHERE t.view_name = waiting_requests.view_name AND t.refresh_requested
$$;
