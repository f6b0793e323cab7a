-- 'VFRU' and the kind of run: 0 scheduled, 1 requested, which may be under way beside each other; runs that people start take none,
-- for each view has its own lock, too. The session's, not a transaction's: it is held over all the transactions of a run and ends
-- with the connection, so that no crash can leave it behind. It keeps two runs from doing the same work, and makes the loser a skip
-- instead of a failure.
SELECT pg_try_advisory_lock(1447449173, %(kind)s) AS acquired
