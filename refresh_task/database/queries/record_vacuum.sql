SELECT bi_refresh.record_vacuum(%(view)s, %(removed_rows)s::bigint)
