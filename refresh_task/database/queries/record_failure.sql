SELECT bi_refresh.record_failure(%(log_id)s, %(status)s, %(sqlstate)s, %(message)s)
