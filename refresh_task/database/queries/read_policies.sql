SELECT
    view_name,
    enabled,
    target_lag,
    statement_timeout,
    schedules,
    change_detection,
    audit_interval,
    group_name,
    depends_on,
    priority,
    exclusive_window,
    must_not_be_empty,
    max_row_drop_percent,
    custom_checks,
    suspend_after,
    probe_after,
    pattern,
    endpoint,
    refresh_mode,
    incremental_key,
    incremental_stages
FROM bi_refresh.view_policy
ORDER BY view_name
