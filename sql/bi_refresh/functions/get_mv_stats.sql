-- Every managed view as it stands now. Reads no view and waits for nobody:
--   row_count           as of the last refresh; of a view that we never refreshed, PostgreSQL's estimate; NULL: never analyzed either
--   total_size, _bytes  with indexes; NULL while somebody holds or awaits the view exclusively
--   last_duration_ms    of the last refresh that was completed
--   last_status         of the last attempt, which may have been skipped
CREATE OR REPLACE FUNCTION bi_refresh.get_mv_stats()
RETURNS TABLE (
    view_name text, is_populated boolean, row_count bigint, total_size text, total_bytes bigint,
    has_unique_index boolean, last_refresh timestamptz, last_duration_ms bigint, last_status text, freshness text
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    s.view_name,
    coalesce(c.relispopulated, false),
    CASE
        WHEN NOT c.relispopulated THEN 0
        WHEN known.rows_total IS NOT NULL THEN known.rows_total
        WHEN c.reltuples >= 0 THEN c.reltuples::bigint
    END,
    pg_catalog.pg_size_pretty(size.bytes),
    size.bytes,
    bi_refresh.usable_unique_index(c.oid) IS NOT NULL,
    s.last_success_at,
    completed.duration_ms,
    s.last_status,
    s.freshness
FROM bi_refresh.view_status AS s
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = bi_refresh.view_oid(s.view_name)
LEFT JOIN bi_refresh.view_state AS known ON known.view_name = s.view_name AND known.view_oid = c.oid
LEFT JOIN LATERAL (
    -- Measuring takes a lock, which would wait behind a refresh that shuts readers out.
    SELECT pg_catalog.pg_total_relation_size(c.oid) AS bytes
    WHERE NOT EXISTS (
        SELECT FROM pg_catalog.pg_locks AS l
        INNER JOIN pg_catalog.pg_database AS d ON d.oid = l.database AND d.datname = pg_catalog.current_database()
        WHERE l.locktype = 'relation' AND l.relation = c.oid AND l.mode = 'AccessExclusiveLock'
    )
) AS size ON true
LEFT JOIN LATERAL (
    SELECT l.duration_ms
    FROM bi_refresh.mv_refresh_log AS l
    -- the first condition as the index has it
    WHERE l.view_name = s.view_name AND l.status <> 'skipped' AND l.status = 'completed'
    ORDER BY l.id DESC
    LIMIT 1
) AS completed ON true
ORDER BY s.view_name
$$;
