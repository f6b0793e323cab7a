SELECT bi_refresh.make_definition(%(table)s, %(definition)s, %(owner)s::oid)::bigint AS relation
