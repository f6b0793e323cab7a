-- What is to be known of a managed view before it is refreshed on demand: whether it needs to be, which views are refreshed with it
-- (its group's, itself among them), and how long that takes: the sum of what is known of them; NULL: nothing is.
WITH asked AS (
    SELECT
        policy.view_name,
        policy.endpoint,
        policy.group_name
    FROM bi_refresh.view_policy AS policy
    WHERE policy.view_name = %(view)s
),

together AS (
    SELECT mate.view_name
    FROM bi_refresh.view_policy AS mate
    INNER JOIN asked ON mate.view_name = asked.view_name OR (mate.group_name = asked.group_name AND mate.enabled)
)

SELECT
    status.view_name,
    status.enabled,
    extract(EPOCH FROM status.lag)::float8 AS lag_s,
    -- as mv_health_check() has it
    status.freshness <> 'fresh' OR status.waiting_requests > 0 OR status.lag IS NULL AS needs_refresh,
    (asked.endpoint ->> 'refresh_within_s')::float8 AS refresh_within_s,
    (SELECT array_agg(together.view_name ORDER BY together.view_name) FROM together) AS together,
    (
        SELECT sum(each.p95_s)
        FROM together
        CROSS JOIN LATERAL (
            SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY completed.duration_ms) / 1000 AS p95_s
            FROM (
                SELECT entry.duration_ms
                FROM bi_refresh.mv_refresh_log AS entry
                -- the first condition as the index has it
                WHERE entry.view_name = together.view_name AND entry.status <> 'skipped' AND entry.status = 'completed'
                ORDER BY entry.id DESC
                LIMIT 50
            ) AS completed
        ) AS each
    ) AS p95_s
FROM bi_refresh.view_status AS status
INNER JOIN asked ON status.view_name = asked.view_name
