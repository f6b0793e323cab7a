SELECT r.name
FROM bi_refresh.drop_retired(%(least_age_s)s * interval '1 s') AS r (name)
