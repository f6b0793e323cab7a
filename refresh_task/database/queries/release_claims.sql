-- Ends what hold_claims began in this session, as far as it came.
SELECT pg_advisory_unlock(l.classid::integer, l.objid::integer)
FROM pg_locks AS l
WHERE l.locktype = 'advisory' AND l.classid = 1447445577 AND l.objsubid = 2 AND l.granted AND l.pid = pg_backend_pid()
