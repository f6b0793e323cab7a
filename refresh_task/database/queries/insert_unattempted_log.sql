-- The row of a step that was not begun: skipped, or upstream_failed.
INSERT INTO bi_refresh.mv_refresh_log
    (
        run_id, view_name, view_oid, trigger_type, triggered_by, strategy, reason, status, error, remedy, finished_at,
        duration_ms
    )
VALUES (
    %(run_id)s, %(view)s, bi_refresh.view_oid(%(view)s), %(trigger_type)s, %(triggered_by)s, 'skip', %(reason)s,
    %(status)s, %(message)s, %(remedy)s, clock_timestamp(), 0
)
