-- How far a managed view is on its way (no row: it was never enabled). No other relation is looked into: somebody may have it
-- locked.
SELECT
    v.status,
    v.step
FROM bi_refresh.incremental_view AS v
WHERE v.view_name = %(view)s
