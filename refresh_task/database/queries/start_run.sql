INSERT INTO bi_refresh.mv_refresh_run (kind, trigger_type, triggered_by, scheduled_time, task_version)
VALUES (%(kind)s, %(trigger_type)s, %(triggered_by)s, %(scheduled_time)s, %(task_version)s)
RETURNING id
