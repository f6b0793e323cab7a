SELECT
    id,
    view_name,
    started_at
FROM bi_refresh.mark_abandoned(%(run_id)s)
