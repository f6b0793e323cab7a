DO $$
BEGIN
    IF EXISTS (SELECT FROM bi_refresh.incremental_view) THEN
        RAISE EXCEPTION 'views are refreshed incrementally: %',
            (SELECT pg_catalog.string_agg(v.view_name, ', ' ORDER BY v.view_name) FROM bi_refresh.incremental_view AS v)
        USING HINT = 'Give them back first: vistafresca incremental disable VIEW.';
    END IF;
END
$$;
DROP TABLE bi_refresh.incremental_mismatch;
DROP TABLE bi_refresh.maintained_source;
DROP TABLE bi_refresh.maintained_table;
DROP TABLE bi_refresh.incremental_view;
DROP TABLE bi_refresh.captured_table;
DROP SCHEMA bi_refresh_as_owner;
DROP SCHEMA bi_refresh_incremental;

ALTER TABLE bi_refresh.mv_refresh_log
DROP CONSTRAINT mv_refresh_log_strategy_is_known,
DROP COLUMN changed_keys;
UPDATE bi_refresh.mv_refresh_log SET strategy = 'concurrent' WHERE strategy IN ('incremental', 'difference');
ALTER TABLE bi_refresh.mv_refresh_log
ADD CONSTRAINT mv_refresh_log_strategy_is_known CHECK (strategy IN ('skip', 'concurrent', 'exclusive'));

ALTER TABLE bi_refresh.view_policy
DROP COLUMN refresh_mode,
DROP COLUMN incremental_key,
DROP COLUMN incremental_stages;
