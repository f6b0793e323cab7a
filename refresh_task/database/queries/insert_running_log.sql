INSERT INTO bi_refresh.mv_refresh_log
    (run_id, view_name, view_oid, trigger_type, triggered_by, strategy, reason, plan, backend_pid)
VALUES (
    %(run_id)s, %(view)s, bi_refresh.view_oid(%(view)s), %(trigger_type)s, %(triggered_by)s, %(strategy)s, %(reason)s,
    %(plan)s::jsonb, %(backend_pid)s
)
RETURNING id
