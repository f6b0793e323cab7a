SELECT bi_refresh.drop_dependents(%(relation)s::oid)
