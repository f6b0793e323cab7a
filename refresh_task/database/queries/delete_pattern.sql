DELETE FROM bi_refresh.view_pattern
WHERE pattern = %(pattern)s
