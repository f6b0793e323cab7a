-- One of the slots for queries of a view's base relation, until the transaction ends; EXISTS takes no second one. 1447445075: 'VFBS',
-- the first key of all of them.
SELECT
    exists(
        SELECT FROM generate_series(1, %(slots)s::integer) AS slot
        WHERE pg_try_advisory_xact_lock(1447445075, hashtext(%(view)s || '/' || slot))
    ) AS taken
