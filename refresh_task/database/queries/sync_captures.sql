SELECT
    s.relation,
    s.action
FROM bi_refresh.sync_captures(ARRAY[%(capture)s::integer]) AS s
