SELECT bi_refresh.make_plain_view(%(view)s)::bigint AS relation
