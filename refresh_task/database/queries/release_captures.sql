SELECT
    r.relation,
    r.action
FROM bi_refresh.release_captures() AS r
