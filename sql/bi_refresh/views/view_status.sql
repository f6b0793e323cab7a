-- Every managed view as it stands now. freshness: fresh (lag within target), stale (up to twice the target), very_stale (older, or
-- of unknown age: never refreshed, or dropped and created again since).
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
    last_attempt.status AS last_status,
    last_attempt.started_at AS last_started_at,
    last_attempt.duration_ms AS last_duration_ms,
    coalesce(last_attempt.error, last_attempt.reason) AS last_message,
    last_attempt.remedy AS last_remedy
FROM bi_refresh.view_policy AS p
LEFT JOIN bi_refresh.view_state AS s ON p.view_name = s.view_name
LEFT JOIN LATERAL (
    SELECT s.data_timestamp
    WHERE s.view_oid = to_regclass(p.view_name)
) AS known ON true
LEFT JOIN LATERAL (
    SELECT
        l.status,
        l.started_at,
        l.duration_ms,
        l.error,
        l.reason,
        l.remedy
    FROM bi_refresh.mv_refresh_log AS l
    WHERE l.view_name = p.view_name
    ORDER BY l.id DESC
    LIMIT 1
) AS last_attempt ON true;
