SELECT bi_refresh.purge_log(%(retention_days)s * interval '1 day') AS purged
