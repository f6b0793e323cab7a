UPDATE bi_refresh.incremental_view
SET
    status = 'enabled',
    distrust_reason = NULL,
    status_since = clock_timestamp()
WHERE view_name = %(view)s AND status = 'distrusted'
