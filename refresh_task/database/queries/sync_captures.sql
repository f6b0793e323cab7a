SELECT
    relation,
    action
FROM bi_refresh.sync_captures()
