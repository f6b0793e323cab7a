SELECT view_name
FROM bi_refresh.view_policy
WHERE endpoint IS NOT NULL
