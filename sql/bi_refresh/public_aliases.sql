-- What `vistafresca migrate --public-aliases` makes reachable without its schema.
SELECT bi_refresh.create_public_alias('bi_refresh.refresh_bi_views(text[], text, text)'::regprocedure) AS outcome
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.process_pending_mv_refreshes()'::regprocedure)
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.mv_health_check()'::regprocedure)
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.get_mv_stats()'::regprocedure)
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.refresh_all_mv()'::regprocedure)
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.mv_refresh_metrics'::regclass)
UNION ALL
-- with the documents' names beside ours; rows_affected are, as in the documents, the rows that the view had afterwards
SELECT
    bi_refresh.create_public_alias(
        'bi_refresh.mv_refresh_log'::regclass,
        'started_at AS refresh_started_at, finished_at AS refresh_completed_at, duration_ms AS refresh_duration_ms, '
        'rows_total AS rows_affected, error AS error_message'
    )
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.mv_refresh_run'::regclass)
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.mv_refresh_triggers'::regclass);
