SELECT bi_refresh.make_definition(%(table)s, %(query)s, %(owner)s::oid)::bigint AS relation
