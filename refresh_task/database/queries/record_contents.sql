SELECT bi_refresh.record_contents(%(view)s, %(relation)s::oid, now())
