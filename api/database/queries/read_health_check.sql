SELECT
    view_name,
    last_refresh,
    age_minutes,
    needs_refresh
FROM bi_refresh.mv_health_check()
WHERE view_name = any(%(views)s)
