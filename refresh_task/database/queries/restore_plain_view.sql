SELECT bi_refresh.restore_plain_view(%(view)s)::bigint AS relation
