-- Removes log rows and runs older than `retention` and says how many. Bounded per call, so that the first one after years without
-- it is not the one that fills the disk with dead rows; and never the last day's. A view's newest row stays, however old.
CREATE OR REPLACE FUNCTION bi_refresh.purge_log(retention interval, most integer DEFAULT 10000)
RETURNS bigint
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
WITH old_entries AS (
    SELECT l.id
    FROM bi_refresh.mv_refresh_log AS l
    WHERE l.created_at < pg_catalog.now() - GREATEST(retention, interval '1 day')
        AND EXISTS (
            SELECT FROM bi_refresh.mv_refresh_log AS newer
            WHERE newer.view_name = l.view_name AND newer.id > l.id
        )
    ORDER BY l.created_at
    LIMIT most
),

old_runs AS (
    SELECT r.id
    FROM bi_refresh.mv_refresh_run AS r
    WHERE r.started_at < pg_catalog.now() - GREATEST(retention, interval '1 day') AND r.status <> 'running'
    ORDER BY r.id
    LIMIT most
),

removed_entries AS (
    DELETE FROM bi_refresh.mv_refresh_log AS l USING old_entries
    WHERE l.id = old_entries.id
    RETURNING l.id
),

removed_runs AS (
    DELETE FROM bi_refresh.mv_refresh_run AS r USING old_runs
    WHERE r.id = old_runs.id
    RETURNING r.id
)

SELECT (SELECT pg_catalog.count(*) FROM removed_entries) + (SELECT pg_catalog.count(*) FROM removed_runs)
$$;
