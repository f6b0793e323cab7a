SELECT bi_refresh.make_maintained_view(%(table)s, %(definition)s, %(owner)s::oid, %(model)s::oid)::bigint AS relation
