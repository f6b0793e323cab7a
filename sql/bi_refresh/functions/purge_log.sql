-- Removes log rows, runs and served requests older than `retention`, and says how many. Bounded per call, so that the first one after
-- years without it is not the one that fills the disk with dead rows; and never the last day's. A view's newest row stays, however
-- old. Requests that nobody will serve, for their view is disabled or managed no more, go after a day. What a comparison found stays as
-- long as its view is distrusted.
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

served_requests AS (
    SELECT t.id
    FROM bi_refresh.mv_refresh_triggers AS t
    WHERE t.processed_at < pg_catalog.now() - GREATEST(retention, interval '1 day')
    ORDER BY t.processed_at
    LIMIT most
),

orphaned_requests AS (
    SELECT t.id
    FROM bi_refresh.mv_refresh_triggers AS t
    WHERE t.refresh_requested
        AND t.created_at < pg_catalog.now() - interval '1 day'
        AND NOT EXISTS (
            SELECT FROM bi_refresh.view_policy AS p
            WHERE p.view_name = t.view_name AND p.enabled
        )
    LIMIT most
),

old_mismatches AS (
    SELECT m.id
    FROM bi_refresh.incremental_mismatch AS m
    WHERE m.found_at < pg_catalog.now() - GREATEST(retention, interval '1 day')
        AND NOT EXISTS (
            SELECT FROM bi_refresh.incremental_view AS i
            WHERE i.view_name = m.view_name AND i.status = 'distrusted'
        )
    ORDER BY m.id
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
),

removed_requests AS (
    DELETE FROM bi_refresh.mv_refresh_triggers AS t
    WHERE t.id IN (SELECT s.id FROM served_requests AS s UNION ALL SELECT o.id FROM orphaned_requests AS o)
    RETURNING t.id
),

removed_mismatches AS (
    DELETE FROM bi_refresh.incremental_mismatch AS m USING old_mismatches
    WHERE m.id = old_mismatches.id
    RETURNING m.id
)

SELECT (SELECT pg_catalog.count(*) FROM removed_entries)
    + (SELECT pg_catalog.count(*) FROM removed_runs)
    + (SELECT pg_catalog.count(*) FROM removed_requests)
    + (SELECT pg_catalog.count(*) FROM removed_mismatches)
$$;
