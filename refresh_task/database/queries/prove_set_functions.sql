-- Whether any function of these names gives more than one row.
SELECT count(*) > 0 AS are_any
FROM pg_proc AS p
WHERE p.proretset AND p.proname = any(%(names)s::text [])
