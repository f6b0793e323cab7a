SELECT r.name
FROM bi_refresh.drop_retired() AS r (name)
