INSERT INTO bi_refresh.view_policy
SELECT
    (
        jsonb_populate_record(
            NULL::bi_refresh.view_policy, %(policy)s::jsonb || jsonb_build_object('updated_at', now())
        )
    ).*
ON CONFLICT (view_name) DO UPDATE
SET
    enabled = excluded.enabled,
    target_lag = excluded.target_lag,
    statement_timeout = excluded.statement_timeout,
    schedules = excluded.schedules,
    change_detection = excluded.change_detection,
    audit_interval = excluded.audit_interval,
    group_name = excluded.group_name,
    depends_on = excluded.depends_on,
    priority = excluded.priority,
    exclusive_window = excluded.exclusive_window,
    must_not_be_empty = excluded.must_not_be_empty,
    max_row_drop_percent = excluded.max_row_drop_percent,
    custom_checks = excluded.custom_checks,
    suspend_after = excluded.suspend_after,
    probe_after = excluded.probe_after,
    pattern = excluded.pattern,
    endpoint = excluded.endpoint,
    schedule_override = CASE WHEN view_policy.schedules = excluded.schedules THEN view_policy.schedule_override END,
    updated_at = excluded.updated_at
