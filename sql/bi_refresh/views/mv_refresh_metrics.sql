-- What the refreshes of each hour came to, by the hour (UTC) in which they began, newest first. Only attempts count: neither views
-- left alone nor refreshes that somebody cancelled. failed: among them those that a killed task left behind; avg_duration_ms: of
-- the successful ones.
CREATE OR REPLACE VIEW bi_refresh.mv_refresh_metrics AS
SELECT
    date_trunc('hour', l.started_at, 'UTC') AS hour,
    count(*) AS total_refreshes,
    count(*) FILTER (WHERE l.status = 'completed') AS successful,
    count(*) FILTER (WHERE l.status <> 'completed') AS failed,
    round(avg(l.duration_ms) FILTER (WHERE l.status = 'completed'))::bigint AS avg_duration_ms
FROM bi_refresh.mv_refresh_log AS l
WHERE l.status IN ('completed', 'failed', 'abandoned')
GROUP BY 1
ORDER BY 1 DESC;
