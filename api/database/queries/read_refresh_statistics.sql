-- What the attempts of the last hours came to. As in mv_refresh_metrics: neither views left alone nor refreshes that somebody
-- cancelled count, and durations are those of the successful ones.
SELECT
    count(*) AS total_refreshes,
    count(*) FILTER (WHERE status = 'completed') AS successful,
    count(*) FILTER (WHERE status <> 'completed') AS failed,
    (round(100.0 * count(*) FILTER (WHERE status = 'completed') / nullif(count(*), 0), 1))::float8 AS success_rate,
    round(avg(duration_ms) FILTER (WHERE status = 'completed'))::bigint AS avg_duration_ms,
    max(duration_ms) FILTER (WHERE status = 'completed') AS max_duration_ms
FROM bi_refresh.mv_refresh_log
WHERE
    status IN ('completed', 'failed', 'abandoned')
    AND created_at >= now() - %(hours)s * interval '1 hour'
    AND (%(view)s::text IS NULL OR view_name = %(view)s::text)
