-- When the named views are due besides their target lag: as rescheduled, otherwise as declared.
SELECT
    view_name,
    coalesce(schedule_override, schedules) AS schedules
FROM bi_refresh.view_policy
WHERE view_name = any(%(views)s) AND enabled
ORDER BY view_name
