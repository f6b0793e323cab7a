-- Before another try, perhaps by another server process. created_at, for start_log() and mark_abandoned() take a row that is older
-- than the process for one that a killed task left. No row: the try before was committed after all.
UPDATE bi_refresh.mv_refresh_log
SET
    plan = %(plan)s::jsonb,
    attempts = %(attempts)s,
    backend_pid = %(backend_pid)s,
    created_at = clock_timestamp()
WHERE id = %(log_id)s AND status = 'running'
RETURNING id
