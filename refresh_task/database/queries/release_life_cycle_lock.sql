SELECT pg_advisory_unlock(1447447619, hashtext(%(view)s))
