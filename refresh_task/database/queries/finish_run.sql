UPDATE bi_refresh.mv_refresh_run
SET
    status = %(status)s,
    finished_at = clock_timestamp(),
    views_succeeded = %(views_succeeded)s,
    views_failed = %(views_failed)s,
    views_skipped = %(views_skipped)s,
    views_upstream_failed = %(views_upstream_failed)s,
    views_not_due = %(views_not_due)s
WHERE id = %(run_id)s
