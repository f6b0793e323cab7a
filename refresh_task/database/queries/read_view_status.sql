SELECT
    view_name AS name,
    enabled,
    target_lag,
    data_timestamp,
    extract(EPOCH FROM lag)::float8 AS lag_s,
    freshness,
    last_success_at,
    rows_total,
    consecutive_failures,
    failing_since,
    last_status,
    last_started_at,
    last_duration_ms,
    last_message,
    last_remedy
FROM bi_refresh.view_status
ORDER BY view_name
