-- The enabled views as the catalog has them now: policy, relation, state, history, evidence. The moment comes along from the clock
-- that all of it was written by.
WITH managed AS MATERIALIZED (
    SELECT
        p.view_name,
        c.oid,
        coalesce((c.relkind = 'm' OR c.oid = made.oid) AND c.relispopulated, false) AS is_populated
    FROM bi_refresh.view_policy AS p
    CROSS JOIN LATERAL parse_ident(p.view_name) AS name (parts)
    LEFT JOIN pg_namespace AS n ON name.parts[1] = n.nspname
    LEFT JOIN pg_class AS c ON n.oid = c.relnamespace AND name.parts[2] = c.relname
    -- an incremental view's table
    LEFT JOIN LATERAL (
        SELECT max(m.relation) AS oid
        FROM bi_refresh.maintained_table AS m
        WHERE m.view_name = p.view_name AND m.stage IS NULL
    ) AS made ON true
    WHERE p.enabled
),

upstream AS (
    SELECT
        u.view_oid,
        array_agg(managed.view_name ORDER BY managed.view_name) AS names
    FROM bi_refresh.upstream_views() AS u
    INNER JOIN managed ON u.upstream_oid = managed.oid
    GROUP BY u.view_oid
),

waiting AS (
    SELECT
        t.view_name,
        count(*) AS requests,
        min(t.created_at) AS oldest_request_at,
        max(array_position(ARRAY['low', 'normal', 'high', 'critical'], t.priority)) AS priority
    FROM bi_refresh.mv_refresh_triggers AS t
    WHERE t.refresh_requested
    GROUP BY t.view_name
)

SELECT
    p.view_name AS name,
    managed.oid,
    managed.is_populated,
    bi_refresh.usable_unique_index(managed.oid)::regclass::text AS unique_index,
    p.target_lag,
    coalesce(p.schedule_override, p.schedules) AS schedules,
    p.statement_timeout,
    p.change_detection,
    p.audit_interval,
    p.group_name AS "group",
    p.priority,
    p.exclusive_window,
    coalesce(upstream.names, '{}') AS upstream,
    -- of no use for a view that was dropped and created anew, or emptied
    CASE WHEN known.is_same AND managed.is_populated THEN s.data_timestamp END AS data_timestamp,
    CASE WHEN known.is_same AND managed.is_populated THEN s.global_data_timestamp END AS global_data_timestamp,
    CASE WHEN known.is_same THEN coalesce(compared.at, s.refreshed_at) END AS refreshed_at,
    coalesce(known.is_same AND s.fingerprint IS NOT NULL, false) AS has_fingerprint,
    s.fingerprint_ms / 1000 AS fingerprint_s,
    s.unchanged_ratio,
    coalesce(s.checks_passed_over, 0) AS checks_passed_over,
    s.suspended_at,
    s.probe_at,
    history.p50_s,
    history.p95_s,
    coalesce(attempt.id, 0) AS last_attempt,
    CASE
        WHEN known.is_same AND s.fingerprint IS NOT NULL THEN coalesce(bi_refresh.definitely_changed(p.view_name), '{}')
        ELSE '{}'
    END AS changed_tables,
    coalesce(waiting.requests, 0) AS requests,
    waiting.oldest_request_at,
    (ARRAY['low', 'normal', 'high', 'critical'])[waiting.priority] AS request_priority,
    coalesce(p.refresh_mode, 'auto') AS refresh_mode,
    i.status AS incremental_status,
    i.distrust_reason,
    i.view_name IS NOT NULL AND bi_refresh.is_incremental(p.view_name) AS is_maintained,
    CASE WHEN i.status IN ('enabled', 'distrusted') THEN bi_refresh.changes_waiting(p.view_name) END AS changes_wait
FROM managed
INNER JOIN bi_refresh.view_policy AS p ON managed.view_name = p.view_name
LEFT JOIN bi_refresh.view_state AS s ON managed.view_name = s.view_name
CROSS JOIN LATERAL (SELECT coalesce(managed.oid = s.view_oid, false) AS is_same) AS known
LEFT JOIN bi_refresh.incremental_view AS i ON managed.view_name = i.view_name
-- an incremental refresh makes nothing anew that its changes leave alone: only a comparison looks at all of it
LEFT JOIN LATERAL (
    SELECT min(m.compared_at) AS at
    FROM bi_refresh.maintained_table AS m
    WHERE i.status = 'enabled' AND m.view_name = managed.view_name
) AS compared ON true
LEFT JOIN upstream ON managed.oid = upstream.view_oid
LEFT JOIN waiting ON managed.view_name = waiting.view_name
LEFT JOIN LATERAL (
    SELECT l.id
    FROM bi_refresh.mv_refresh_log AS l
    WHERE l.view_name = managed.view_name AND l.status <> 'skipped'
    ORDER BY l.id DESC
    LIMIT 1
) AS attempt ON true
CROSS JOIN LATERAL (
    SELECT
        percentile_cont(0.5) WITHIN GROUP (ORDER BY completed.duration_ms) / 1000 AS p50_s,
        percentile_cont(0.95) WITHIN GROUP (ORDER BY completed.duration_ms) / 1000 AS p95_s
    FROM (
        SELECT l.duration_ms
        FROM bi_refresh.mv_refresh_log AS l
        -- the first condition as the index has it
        WHERE l.view_name = managed.view_name AND l.status <> 'skipped' AND l.status = 'completed'
        ORDER BY l.id DESC
        LIMIT 50
    ) AS completed
) AS history
ORDER BY p.view_name
