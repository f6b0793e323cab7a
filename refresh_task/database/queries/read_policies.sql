SELECT
    view_name,
    enabled,
    target_lag,
    statement_timeout
FROM bi_refresh.view_policy
ORDER BY view_name
