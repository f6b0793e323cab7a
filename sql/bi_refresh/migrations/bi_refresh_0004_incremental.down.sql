DO $$
BEGIN
    IF EXISTS (SELECT FROM bi_refresh.incremental_view) THEN
        RAISE EXCEPTION 'views are refreshed incrementally: %',
            (SELECT pg_catalog.string_agg(v.view_name, ', ' ORDER BY v.view_name) FROM bi_refresh.incremental_view AS v)
        USING HINT = 'Give them back first: vistafresca incremental disable VIEW.';
    END IF;
END
$$;
-- Public aliases stand for today's functions and columns; migrate --public-aliases makes the older version's anew.
DO $$
DECLARE
    alias record;
BEGIN
    FOR alias IN
        SELECT pg_class.oid::pg_catalog.regclass AS name
        FROM pg_catalog.pg_class
        WHERE pg_class.relnamespace = 'public'::pg_catalog.regnamespace
            AND pg_class.relkind = 'v'
            AND pg_catalog.starts_with(
                pg_catalog.obj_description(pg_class.oid, 'pg_class'), 'Vistafresca: another name for bi_refresh.'
            )
    LOOP
        EXECUTE pg_catalog.format('DROP VIEW %s', alias.name);
    END LOOP;

    FOR alias IN
        SELECT pg_proc.oid::pg_catalog.regprocedure AS signature
        FROM pg_catalog.pg_proc
        WHERE pg_proc.pronamespace = 'public'::pg_catalog.regnamespace
            AND pg_catalog.starts_with(
                pg_catalog.obj_description(pg_proc.oid, 'pg_proc'), 'Vistafresca: another name for bi_refresh.'
            )
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', alias.signature);
    END LOOP;
END
$$;

-- What an older version would not know to remove. Its own functions stay: triggers on other tables may call them.
DROP VIEW IF EXISTS bi_refresh.view_status;
DO $$
DECLARE
    object record;
BEGIN
    FOR object IN
        SELECT pg_proc.oid::pg_catalog.regprocedure AS signature
        FROM pg_catalog.pg_proc
        WHERE pg_proc.pronamespace = 'bi_refresh'::pg_catalog.regnamespace
            AND pg_proc.proname IN ('changes_waiting')
    LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', object.signature);
    END LOOP;
END
$$;

DROP TABLE bi_refresh.incremental_mismatch;
DROP TABLE bi_refresh.maintained_source;
DROP TABLE bi_refresh.maintained_table;
DROP TABLE bi_refresh.incremental_view;
DROP TABLE bi_refresh.captured_table;
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
