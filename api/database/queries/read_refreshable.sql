-- What is to be known of a managed view before it is refreshed on demand: whether it needs to be, and how long that takes.
SELECT
    status.view_name,
    status.enabled,
    status.freshness,
    extract(EPOCH FROM status.lag)::float8 AS lag_s,
    -- as mv_health_check() has it
    status.freshness <> 'fresh' OR status.waiting_requests > 0 OR status.lag IS NULL AS needs_refresh,
    (policy.endpoint ->> 'refresh_within_s')::float8 AS refresh_within_s,
    (
        SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY completed.duration_ms) / 1000
        FROM (
            SELECT entry.duration_ms
            FROM bi_refresh.mv_refresh_log AS entry
            -- the first condition as the index has it
            WHERE entry.view_name = status.view_name AND entry.status <> 'skipped' AND entry.status = 'completed'
            ORDER BY entry.id DESC
            LIMIT 50
        ) AS completed
    ) AS p95_s
FROM bi_refresh.view_status AS status
INNER JOIN bi_refresh.view_policy AS policy ON status.view_name = policy.view_name
WHERE status.view_name = %(view)s
