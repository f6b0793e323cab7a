-- 'VFLC': two sessions that enable, disable or redefine one view would undo each other's steps. Until it is released, or the session ends.
SELECT pg_try_advisory_lock(1447447619, hashtext(%(view)s)) AS acquired
