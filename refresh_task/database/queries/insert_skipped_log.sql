INSERT INTO bi_refresh.mv_refresh_log
    (run_id, view_name, view_oid, trigger_type, triggered_by, strategy, reason, status, finished_at, duration_ms)
VALUES (
    %(run_id)s, %(view)s, bi_refresh.view_oid(%(view)s), %(trigger_type)s, %(triggered_by)s, 'skip', %(reason)s,
    'skipped', clock_timestamp(), 0
)
