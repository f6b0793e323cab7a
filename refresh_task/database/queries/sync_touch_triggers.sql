SELECT
    relation,
    action
FROM bi_refresh.sync_touch_triggers()
