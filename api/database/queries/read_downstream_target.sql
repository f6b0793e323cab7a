-- The target lag of a "downstream" view: the smallest of those that read it; NULL: none does.
SELECT extract(EPOCH FROM target_lag)::float8 AS target_lag_s
FROM bi_refresh.view_status
WHERE view_name = %(view_name)s
