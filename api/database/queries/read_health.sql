-- One managed view's freshness, as GET /api/v1/mv/health/{view} tells it.
SELECT
    view_name,
    enabled,
    last_success_at AS last_refresh,
    floor(extract(EPOCH FROM local_lag) / 60)::integer AS age_minutes,
    freshness,
    rows_total AS rows_count,
    -- as mv_health_check() has it
    enabled AND (freshness <> 'fresh' OR waiting_requests > 0 OR lag IS NULL) AS needs_refresh,
    extract(EPOCH FROM target_lag)::float8 AS target_lag_s,
    waiting_requests,
    suspended_at,
    probe_at,
    consecutive_failures,
    last_status
FROM bi_refresh.view_status
WHERE view_name = %(view)s
