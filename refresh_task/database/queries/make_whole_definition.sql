SELECT bi_refresh.make_whole_definition(%(table)s, %(definition)s, %(owner)s::oid, %(is_expanded)s)
