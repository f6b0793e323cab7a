-- Ends the row of a group's member that was rolled back for another one's sake.
UPDATE bi_refresh.mv_refresh_log
SET
    status = 'skipped',
    strategy = 'skip',
    reason = %(reason)s,
    finished_at = clock_timestamp(),
    duration_ms = 0
WHERE id = %(log_id)s AND status = 'running'
