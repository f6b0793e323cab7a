UPDATE bi_refresh.incremental_view
SET step = %(step)s
WHERE view_name = %(view)s
