SELECT bi_refresh.make_maintained_table(%(table)s, %(model)s::oid)::bigint AS relation
