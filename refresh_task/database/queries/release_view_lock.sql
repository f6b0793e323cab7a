-- By OID, for another relation may have the name by now.
SELECT pg_advisory_unlock(1447449157, %(relation)s::oid::integer)
