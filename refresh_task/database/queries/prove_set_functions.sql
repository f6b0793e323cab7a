-- Whether any function of these names gives more than one row.
SELECT EXISTS (
    SELECT
    FROM pg_proc AS p
    WHERE p.proretset AND p.proname = any(%(names)s::text [])
) AS are_any
