-- Every managed view as it stands now. freshness: fresh (lag within target), stale (up to twice the target), very_stale (older, or
-- of unknown age: never refreshed, emptied by WITH NO DATA, or dropped and created again since).
CREATE OR REPLACE VIEW bi_refresh.view_status AS
SELECT
    p.view_name,
    p.enabled,
    p.target_lag,
    known.data_timestamp,
    now() - known.data_timestamp AS lag,
    CASE
        WHEN now() - known.data_timestamp <= p.target_lag THEN 'fresh'
        WHEN now() - known.data_timestamp <= p.target_lag * 2 THEN 'stale'
        ELSE 'very_stale'
    END AS freshness,
    s.last_success_at,
    s.rows_total,
    coalesce(s.consecutive_failures, 0) AS consecutive_failures,
    s.failing_since,
    CASE
        -- left behind by a killed task or server; the next run will say so in the log
        WHEN last_attempt.status = 'running' AND last_attempt.is_left_behind THEN 'abandoned'
        ELSE last_attempt.status
    END AS last_status,
    last_attempt.started_at AS last_started_at,
    last_attempt.duration_ms AS last_duration_ms,
    coalesce(last_attempt.error, last_attempt.reason) AS last_message,
    last_attempt.remedy AS last_remedy
FROM bi_refresh.view_policy AS p
LEFT JOIN bi_refresh.view_state AS s ON p.view_name = s.view_name
LEFT JOIN LATERAL (
    SELECT s.data_timestamp
    FROM pg_class AS c
    WHERE c.oid = s.view_oid AND c.oid = bi_refresh.view_oid(p.view_name) AND c.relispopulated
) AS known ON true
LEFT JOIN LATERAL (
    SELECT
        l.status,
        l.started_at,
        l.duration_ms,
        l.error,
        l.reason,
        l.remedy,
        NOT EXISTS (
            SELECT FROM pg_stat_activity AS a
            WHERE a.pid = l.backend_pid
        ) AS is_left_behind
    FROM bi_refresh.mv_refresh_log AS l
    WHERE l.view_name = p.view_name
    ORDER BY l.id DESC
    LIMIT 1
) AS last_attempt ON true;
