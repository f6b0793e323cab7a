SELECT s.data_timestamp
FROM bi_refresh.view_policy AS p
LEFT JOIN bi_refresh.view_state AS s ON p.view_name = s.view_name AND bi_refresh.view_oid(p.view_name) = s.view_oid
WHERE p.view_name = %(view)s
