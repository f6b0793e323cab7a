SELECT bi_refresh.copy_grants(%(source)s::oid, %(target)s::oid)
