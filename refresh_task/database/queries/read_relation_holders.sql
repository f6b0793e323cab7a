-- Who has one of these relations locked, in words; NULL: nobody.
SELECT
    string_agg(
        DISTINCT format('process %%s of %%s since %%s', l.pid, coalesce(a.usename, a.backend_type), a.xact_start), ', '
    ) AS holders
FROM pg_locks AS l
LEFT JOIN pg_stat_activity AS a ON l.pid = a.pid
WHERE l.locktype = 'relation'
    AND l.relation = any(%(relations)s::oid [])
    AND l.granted
    AND l.pid IS DISTINCT FROM pg_backend_pid()
