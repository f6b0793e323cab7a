SELECT
    view_name AS name,
    enabled,
    target_lag,
    data_timestamp,
    extract(EPOCH FROM lag)::float8 AS lag_s,
    extract(EPOCH FROM local_lag)::float8 AS local_lag_s,
    freshness,
    last_success_at,
    refreshed_at,
    rows_total,
    consecutive_failures,
    failing_since,
    suspended_at,
    probe_at,
    waiting_requests,
    oldest_request_at,
    last_status,
    last_started_at,
    last_duration_ms,
    last_message,
    last_remedy
FROM bi_refresh.view_status
ORDER BY view_name
