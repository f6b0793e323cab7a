-- The managed view that a written name means; or its problem and the remedy.
SELECT
    found.view_name,
    found.problem,
    found.remedy,
    (
        SELECT p.enabled FROM bi_refresh.view_policy AS p
        WHERE p.view_name = found.view_name
    ) AS enabled
FROM bi_refresh.find_view(%(written)s) AS found
