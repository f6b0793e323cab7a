UPDATE bi_refresh.mv_refresh_log
SET error = %(message)s
WHERE id = %(log_id)s AND status = 'cancelled'
