-- What `vistafresca migrate --public-aliases` makes reachable without its schema.
SELECT bi_refresh.create_public_alias('bi_refresh.refresh_bi_views(text[], text, text)'::regprocedure) AS outcome
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.process_pending_mv_refreshes()'::regprocedure)
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.mv_refresh_log'::regclass)
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.mv_refresh_run'::regclass)
UNION ALL
SELECT bi_refresh.create_public_alias('bi_refresh.mv_refresh_triggers'::regclass);
