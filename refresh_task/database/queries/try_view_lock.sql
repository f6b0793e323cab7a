-- As refresh_view() takes it, but for the session: nobody else refreshes the view until it is released.
SELECT pg_try_advisory_lock(1447449157, %(relation)s::oid::integer) AS acquired
