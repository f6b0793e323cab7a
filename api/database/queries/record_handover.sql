-- An attempt that ran out of the time a request may take is no failure: the task makes another one.
UPDATE bi_refresh.mv_refresh_log
SET status = 'cancelled', error = %(message)s, remedy = NULL
WHERE id = %(log_id)s AND status IN ('failed', 'cancelled')
