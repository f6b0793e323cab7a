SELECT bi_refresh.copy_index(%(index)s::oid, %(target)s::oid)
