-- Every managed view as it stands now. lag counts from the oldest data among the view and what it was made from, local_lag from its
-- own; freshness: fresh (lag within target), stale (up to twice the target), very_stale (older, or of unknown age: never refreshed,
-- emptied by WITH NO DATA, or dropped and created again since). A "downstream" view has the smallest target of those that read it.
-- incremental_status: enabling, enabled, distrusted, disabling; NULL: it is a materialized view like others. last_strategy: how it
-- was last refreshed; why_full: why not incrementally, though it is enabled.
CREATE OR REPLACE VIEW bi_refresh.view_status AS
-- By joins and not by view_oid(), which a thousand views are too many for.
WITH relation AS MATERIALIZED (
    SELECT
        p.view_name,
        c.oid AS view_oid,
        c.relispopulated AS is_populated,
        p.target_lag,
        p.enabled
    FROM bi_refresh.view_policy AS p
    CROSS JOIN LATERAL parse_ident(p.view_name) AS name (parts)
    LEFT JOIN pg_namespace AS n ON name.parts[1] = n.nspname
    LEFT JOIN pg_class AS c ON n.oid = c.relnamespace AND name.parts[2] = c.relname
),

downstream_target AS MATERIALIZED (
    SELECT
        u.upstream_oid AS view_oid,
        min(reader.target_lag) AS target_lag
    FROM bi_refresh.upstream_views() AS u
    INNER JOIN relation AS reader ON u.view_oid = reader.view_oid AND reader.enabled
    -- asked only where some view is "downstream"
    WHERE EXISTS (
        SELECT FROM relation AS view_itself
        WHERE view_itself.target_lag IS NULL
    )
    GROUP BY u.upstream_oid
)

SELECT
    p.view_name,
    p.enabled,
    target.target_lag,
    known.data_timestamp,
    now() - known.global_data_timestamp AS lag,
    now() - known.data_timestamp AS local_lag,
    CASE
        WHEN target.target_lag IS NULL THEN 'fresh'
        WHEN now() - known.global_data_timestamp <= target.target_lag THEN 'fresh'
        WHEN now() - known.global_data_timestamp <= target.target_lag * 2 THEN 'stale'
        ELSE 'very_stale'
    END AS freshness,
    s.last_success_at,
    s.refreshed_at,
    s.rows_total,
    coalesce(s.consecutive_failures, 0) AS consecutive_failures,
    s.failing_since,
    s.suspended_at,
    s.probe_at,
    queue.waiting_requests,
    queue.oldest_request_at,
    CASE
        -- left behind by a killed task or server; the next run will say so in the log
        WHEN last_attempt.status = 'running' AND last_attempt.is_left_behind THEN 'abandoned'
        ELSE last_attempt.status
    END AS last_status,
    last_attempt.started_at AS last_started_at,
    last_attempt.duration_ms AS last_duration_ms,
    coalesce(last_attempt.error, last_attempt.reason) AS last_message,
    last_attempt.remedy AS last_remedy,
    coalesce(p.refresh_mode, 'auto') AS refresh_mode,
    incremental.status AS incremental_status,
    incremental.status_since AS incremental_since,
    incremental.distrust_reason,
    last_refresh.strategy AS last_strategy,
    last_refresh.changed_keys AS last_changed_keys,
    CASE
        WHEN incremental.status IS NOT NULL AND last_refresh.strategy = 'difference' THEN last_refresh.reason
    END AS why_full
FROM bi_refresh.view_policy AS p
INNER JOIN relation ON p.view_name = relation.view_name
LEFT JOIN bi_refresh.view_state AS s ON p.view_name = s.view_name
LEFT JOIN downstream_target ON p.target_lag IS NULL AND relation.view_oid = downstream_target.view_oid
CROSS JOIN LATERAL (SELECT coalesce(p.target_lag, downstream_target.target_lag) AS target_lag) AS target
LEFT JOIN LATERAL (
    SELECT
        s.data_timestamp,
        s.global_data_timestamp
    WHERE s.view_oid = relation.view_oid AND relation.is_populated
) AS known ON true
CROSS JOIN LATERAL (
    SELECT
        count(*) AS waiting_requests,
        min(t.created_at) AS oldest_request_at
    FROM bi_refresh.mv_refresh_triggers AS t
    WHERE t.view_name = p.view_name AND t.refresh_requested
) AS queue
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
) AS last_attempt ON true
LEFT JOIN bi_refresh.incremental_view AS incremental ON p.view_name = incremental.view_name
LEFT JOIN LATERAL (
    SELECT
        l.strategy,
        l.changed_keys,
        l.reason
    FROM bi_refresh.mv_refresh_log AS l
    -- the first condition as the index has it
    WHERE l.view_name = p.view_name AND l.status <> 'skipped' AND l.status = 'completed'
    ORDER BY l.id DESC
    LIMIT 1
) AS last_refresh ON true;
