-- Locks tables to the end of the transaction, all of them or none, without ever making a cycle with others that one of them would have
-- to be cancelled for: it holds some while it waits for the next no longer than it takes until anybody looks for deadlocks, and then
-- gives all of them back, lets others go on, and tries again. Raises lock_not_available, with the table's OID as its detail, after
-- `patience_ms`. `holds_nothing`: no lock that others need is held yet.
CREATE OR REPLACE FUNCTION bi_refresh.lock_together(
    relations oid[], lock_mode text, patience_ms integer, holds_nothing boolean DEFAULT true
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gives_up_at CONSTANT timestamptz := pg_catalog.clock_timestamp() + patience_ms * interval '1 ms';
    deadlock_ms CONSTANT double precision := (
        SELECT s.setting::double precision FROM pg_catalog.pg_settings AS s WHERE s.name = 'deadlock_timeout'
    );
    try_ms CONSTANT double precision := CASE
        -- who holds nothing while he waits is in no cycle
        WHEN pg_catalog.cardinality(relations) = 1 AND holds_nothing THEN patience_ms
        ELSE least(400, patience_ms, 0.5 * deadlock_ms)
    END;
    former CONSTANT text := pg_catalog.current_setting('lock_timeout');
    relation oid;
    blocked oid;
    ends_at timestamptz;
BEGIN
    LOOP
        ends_at := pg_catalog.clock_timestamp() + try_ms * interval '1 ms';
        BEGIN
            FOREACH relation IN ARRAY relations LOOP
                PERFORM pg_catalog.set_config('lock_timeout', pg_catalog.format('%sms', greatest(1, pg_catalog.ceil(
                    1000 * pg_catalog.date_part('epoch', ends_at - pg_catalog.clock_timestamp())
                ))), true);
                EXECUTE pg_catalog.format('LOCK TABLE ONLY %s IN %s MODE', relation::pg_catalog.regclass, lock_mode);
            END LOOP;
            PERFORM pg_catalog.set_config('lock_timeout', former, true);
            RETURN;
        EXCEPTION
            WHEN lock_not_available THEN
                IF pg_catalog.clock_timestamp() >= gives_up_at THEN
                    RAISE EXCEPTION '% is in use', relation::pg_catalog.regclass
                    USING ERRCODE = 'lock_not_available', DETAIL = relation::text;
                END IF;
                blocked := relation;
        END;
        -- those that waited behind it take their turn
        PERFORM pg_catalog.pg_sleep(0.1);
        CONTINUE WHEN NOT holds_nothing OR NOT EXISTS (
            SELECT FROM pg_catalog.pg_locks AS l
            INNER JOIN pg_catalog.pg_stat_activity AS a ON l.pid = a.pid
            WHERE l.locktype = 'relation' AND l.relation = blocked AND l.granted
                AND a.backend_type = 'autovacuum worker'
        );
        -- Autovacuum gives way only to who has waited for as long as it takes to look for deadlocks: that is waited for once, holding
        -- nothing, and given back.
        holds_nothing := false;
        BEGIN
            PERFORM pg_catalog.set_config('lock_timeout', pg_catalog.format('%sms', greatest(1, least(
                1.1 * deadlock_ms,
                pg_catalog.ceil(1000 * pg_catalog.date_part('epoch', gives_up_at - pg_catalog.clock_timestamp()))
            ))), true);
            EXECUTE pg_catalog.format('LOCK TABLE ONLY %s IN %s MODE', blocked::pg_catalog.regclass, lock_mode);
            RAISE EXCEPTION USING ERRCODE = 'triggered_action_exception';
        EXCEPTION
            WHEN lock_not_available OR triggered_action_exception THEN
                NULL;
        END;
    END LOOP;
END
$$;
