DELETE FROM bi_refresh.view_policy
WHERE view_name = %(view_name)s
