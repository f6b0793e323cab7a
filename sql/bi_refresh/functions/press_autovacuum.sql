-- Makes autovacuum give way on the relations, where one of its workers is at work: it does to who has waited for as long as it takes to
-- look for deadlocks, which tries that must not hold readers up never do. So that is waited for with a lock that neither
-- readers nor writers conflict with. A worker that prevents wraparound stays, and is waited for like everybody else.
CREATE OR REPLACE FUNCTION bi_refresh.press_autovacuum(relations oid[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    deadlock_ms CONSTANT integer := (
        SELECT s.setting::integer FROM pg_catalog.pg_settings AS s WHERE s.name = 'deadlock_timeout'
    );
    pressed oid;
BEGIN
    PERFORM pg_catalog.set_config('lock_timeout', (deadlock_ms + 1000)::text, true);
    FOR pressed IN
        SELECT DISTINCT l.relation
        FROM pg_catalog.pg_locks AS l
        INNER JOIN pg_catalog.pg_stat_activity AS a ON l.pid = a.pid
        WHERE l.locktype = 'relation' AND l.relation = ANY (relations) AND l.granted
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
            AND a.backend_type = 'autovacuum worker'
            AND a.query NOT LIKE '%to prevent wraparound%'
    LOOP
        BEGIN
            -- LOCK TABLE knows no materialized views; the comment is the one that it has
            EXECUTE pg_catalog.format(
                'COMMENT ON %s %s IS %L',
                bi_refresh.kind_of(pressed), pressed::pg_catalog.regclass, pg_catalog.obj_description(pressed, 'pg_class')
            );
        EXCEPTION
            WHEN lock_not_available THEN
                NULL; -- the swap says who it is
        END;
    END LOOP;
END
$$;
