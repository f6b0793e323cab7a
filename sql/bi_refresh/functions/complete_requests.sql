-- Ends the given entries of the event queue, in the transaction of the refresh that served them.
CREATE OR REPLACE FUNCTION bi_refresh.complete_requests(requests bigint[], served_by bigint)
RETURNS bi_refresh.mv_refresh_log
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
UPDATE bi_refresh.mv_refresh_triggers AS t
SET refresh_requested = false, processed_at = pg_catalog.clock_timestamp(), log_id = served_by
WHERE t.id = ANY (requests);

UPDATE bi_refresh.mv_refresh_log AS l
SET requests_served = pg_catalog.cardinality(requests)
WHERE l.id = served_by
RETURNING l.*
$$;
