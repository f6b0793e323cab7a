SELECT bi_refresh.press_autovacuum(%(relations)s::oid [])
