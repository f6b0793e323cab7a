-- What stands for the views that were enabled for incremental refresh, and those whose policy asks for it. in_full: of the last twenty
-- refreshes, how many were computed in full, and why the last of these was.
SELECT
    p.view_name AS view,
    p.enabled AS is_kept_fresh,
    coalesce(p.refresh_mode, 'auto') AS refresh_mode,
    i.status,
    extract(EPOCH FROM clock_timestamp() - i.status_since)::float8 AS status_age_s,
    i.distrust_reason,
    coalesce(parts.is_proved, false) AS is_proved,
    coalesce(parts.missing, '{}') AS missing,
    parts.altered,
    coalesce(captured.problems, '{}') AS problems,
    coalesce(captured.waiting_bytes, 0)::bigint AS waiting_bytes,
    coalesce(recent.refreshes, 0) AS refreshes,
    coalesce(recent.in_full, 0) AS in_full,
    recent.why_full
FROM bi_refresh.view_policy AS p
LEFT JOIN bi_refresh.incremental_view AS i ON p.view_name = i.view_name
LEFT JOIN LATERAL (
    SELECT
        bool_and(m.structure IS NOT NULL) AS is_proved,
        array_agg(coalesce('stage ' || m.stage, 'output') ORDER BY m.position)
            FILTER (WHERE c.oid IS NULL OR (coalesce(m.definition, m.whole) IS NOT NULL AND d.oid IS NULL)) AS missing,
        string_agg(bi_refresh.column_problems(d.oid, c.oid), '; ' ORDER BY m.position) AS altered
    FROM bi_refresh.maintained_table AS m
    LEFT JOIN pg_class AS c ON m.relation = c.oid
    -- of a materialized view over stages, what it is given back by
    LEFT JOIN pg_class AS d ON d.oid = coalesce(m.definition, m.whole)
    WHERE m.view_name = i.view_name
) AS parts ON true
LEFT JOIN LATERAL (
    SELECT
        array_agg(problem.problem ORDER BY problem.problem) FILTER (WHERE problem.problem IS NOT NULL) AS problems,
        sum(kept.bytes) AS waiting_bytes
    FROM (
        SELECT DISTINCT s.capture_id AS id
        FROM bi_refresh.maintained_table AS m
        INNER JOIN bi_refresh.maintained_source AS s ON m.id = s.table_id
        WHERE m.view_name = i.view_name
    ) AS own
    LEFT JOIN LATERAL (
        SELECT string_agg(found.problem, '; ' ORDER BY found.problem) AS problem
        FROM bi_refresh.capture_problems(ARRAY[own.id]) AS found
    ) AS problem ON true
    LEFT JOIN LATERAL (
        -- as the last VACUUM or ANALYZE saw them: measuring would wait for a refresh under way
        SELECT sum(c.relpages::bigint) * current_setting('block_size')::bigint AS bytes
        FROM pg_class AS c
        INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
        WHERE n.nspname = 'bi_refresh_incremental' AND c.relname IN ('log_' || own.id, 'pending_' || own.id)
    ) AS kept ON true
    WHERE i.status IN ('enabled', 'distrusted')
) AS captured ON true
LEFT JOIN LATERAL (
    SELECT
        count(*) AS refreshes,
        count(*) FILTER (WHERE latest.strategy = 'difference') AS in_full,
        (array_agg(latest.reason ORDER BY latest.id DESC) FILTER (WHERE latest.strategy = 'difference'))[1] AS why_full
    FROM (
        SELECT
            l.id,
            l.strategy,
            l.reason
        FROM bi_refresh.mv_refresh_log AS l
        WHERE i.status = 'enabled'
            AND l.view_name = p.view_name AND l.status <> 'skipped' AND l.status = 'completed'
            AND l.strategy IN ('incremental', 'difference')
        ORDER BY l.id DESC
        LIMIT 20
    ) AS latest
) AS recent ON true
WHERE i.view_name IS NOT NULL OR p.refresh_mode = 'incremental'
ORDER BY p.view_name
