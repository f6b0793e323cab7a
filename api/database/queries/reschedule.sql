SELECT bi_refresh.reschedule(%(views)s, %(cron)s, %(time_zone)s)
