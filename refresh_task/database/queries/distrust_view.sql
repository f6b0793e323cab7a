UPDATE bi_refresh.incremental_view
SET
    status = 'distrusted',
    distrust_reason = %(reason)s,
    status_since = clock_timestamp()
WHERE view_name = %(view)s AND status = 'enabled'
