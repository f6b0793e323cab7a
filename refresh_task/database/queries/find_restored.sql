SELECT
    f.relation,
    f.action
FROM bi_refresh.find_restored() AS f
