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
DROP VIEW IF EXISTS bi_refresh.mv_refresh_metrics;
DROP FUNCTION IF EXISTS bi_refresh.create_public_alias(regclass, text);
DROP FUNCTION IF EXISTS bi_refresh.drop_public_aliases(text);
DROP FUNCTION IF EXISTS bi_refresh.reschedule(text[], text, text);
DROP FUNCTION IF EXISTS bi_refresh.claim_manual_refresh(text, text, integer, interval);
DROP FUNCTION IF EXISTS bi_refresh.mv_health_check();
DROP FUNCTION IF EXISTS bi_refresh.get_mv_stats();
DROP FUNCTION IF EXISTS bi_refresh.refresh_all_mv();

DROP TABLE bi_refresh.manual_refresh_claim;
ALTER TABLE bi_refresh.view_policy
DROP COLUMN endpoint,
DROP COLUMN schedule_override;
