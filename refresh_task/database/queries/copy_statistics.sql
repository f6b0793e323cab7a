SELECT bi_refresh.copy_statistics(%(source)s::oid, %(target)s::oid)
