-- Gives all members of a captured table's tree their triggers, and takes those from others that have left it; returns how many
-- tables it changed. Waits up to 5 s for transactions that write to them, in short tries: what is committed once a trigger is there
-- was captured. Only a table's owner may enable a trigger always. `holds_nothing`: the transaction has locked nothing that writers need.
CREATE OR REPLACE FUNCTION bi_refresh.set_capture_triggers(capture_id integer, holds_nothing boolean DEFAULT true)
RETURNS integer
LANGUAGE plpgsql
-- longer than any usual transaction, shorter than what users put up with
SET lock_timeout = '5s'
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    patience_ms CONSTANT integer := (
        SELECT s.setting FROM pg_catalog.pg_settings AS s WHERE s.name = 'lock_timeout'
    );
    functions CONSTANT oid[] := bi_refresh.capture_function_oids(capture_id);
    place record;
    change record;
    changed integer := 0;
    places oid[];
    blocked text;
BEGIN
    SELECT pg_catalog.array_agg(c.oid ORDER BY c.oid)
    INTO places
    FROM pg_catalog.pg_class AS c
    WHERE c.oid IN (
        SELECT t.relation
        FROM bi_refresh.capture_triggers(ARRAY[set_capture_triggers.capture_id]) AS t
        WHERE NOT t.is_right
        UNION ALL
        SELECT g.tgrelid
        FROM pg_catalog.pg_trigger AS g
        WHERE g.tgfoid = ANY (functions)
            AND NOT EXISTS (
                SELECT FROM bi_refresh.capture_triggers(ARRAY[set_capture_triggers.capture_id]) AS t
                WHERE t.trigger = g.oid
            )
    );
    IF places IS NULL THEN
        RETURN 0;
    END IF;
    FOR place IN
        SELECT p.oid, p.oid::pg_catalog.regclass::text AS name, bi_refresh.owner_of(p.oid) AS owner
        FROM pg_catalog.unnest(places) AS p (oid)
        ORDER BY p.oid
    LOOP
        IF NOT pg_catalog.pg_has_role(place.owner, 'USAGE') THEN
            RAISE EXCEPTION 'changes of % cannot be captured: % is not its owner', place.name, current_user
            USING ERRCODE = 'insufficient_privilege',
            HINT = pg_catalog.format('As %1$I: GRANT %1$I TO %2$I;', place.owner, current_user);
        END IF;
    END LOOP;
    PERFORM bi_refresh.lock_together(
        places,
        -- to take one away keeps readers out, too
        CASE
            WHEN EXISTS (SELECT FROM pg_catalog.pg_trigger AS g WHERE g.tgrelid = ANY (places) AND g.tgfoid = ANY (functions))
                THEN 'ACCESS EXCLUSIVE'
            ELSE 'SHARE ROW EXCLUSIVE'
        END,
        patience_ms,
        holds_nothing
    );
    FOR place IN
        SELECT p.oid, p.oid::pg_catalog.regclass::text AS name FROM pg_catalog.unnest(places) AS p (oid) ORDER BY p.oid
    LOOP
        FOR change IN
            SELECT t.name, t.event, t.function_name, t.by_row, t.trigger
            FROM bi_refresh.capture_triggers(ARRAY[set_capture_triggers.capture_id]) AS t
            WHERE t.relation = place.oid AND NOT t.is_right
            UNION ALL
            SELECT g.tgname, NULL, NULL, NULL, g.oid
            FROM pg_catalog.pg_trigger AS g
            WHERE g.tgrelid = place.oid AND g.tgfoid = ANY (functions)
                AND NOT EXISTS (
                    SELECT FROM bi_refresh.capture_triggers(ARRAY[set_capture_triggers.capture_id]) AS t
                    WHERE t.trigger = g.oid
                )
        LOOP
            IF change.trigger IS NOT NULL THEN
                EXECUTE pg_catalog.format('DROP TRIGGER %I ON %s', change.name, place.name);
            END IF;
            IF change.event IS NOT NULL THEN
                EXECUTE pg_catalog.format(
                    'CREATE TRIGGER %I AFTER %s ON %s %s FOR EACH %s EXECUTE FUNCTION bi_refresh_incremental.%I()',
                    change.name,
                    pg_catalog.upper(change.event),
                    place.name,
                    CASE
                        WHEN change.by_row OR change.event = 'truncate' THEN ''
                        WHEN change.event = 'insert' THEN 'REFERENCING NEW TABLE AS new_rows'
                        WHEN change.event = 'update' THEN 'REFERENCING NEW TABLE AS new_rows OLD TABLE AS old_rows'
                        ELSE 'REFERENCING OLD TABLE AS old_rows'
                    END,
                    CASE WHEN change.by_row THEN 'ROW' ELSE 'STATEMENT' END,
                    change.function_name
                );
                -- ONLY: the members below have triggers of their own
                EXECUTE pg_catalog.format('ALTER TABLE ONLY %s ENABLE ALWAYS TRIGGER %I', place.name, change.name);
            END IF;
        END LOOP;
        changed := changed + 1;
    END LOOP;
    RETURN changed;
EXCEPTION
    WHEN lock_not_available THEN
        GET STACKED DIAGNOSTICS blocked = PG_EXCEPTION_DETAIL;
        IF blocked !~ '^\d+$' THEN
            RAISE;
        END IF;
        RAISE EXCEPTION 'the triggers that capture changes of % cannot be set: a transaction that uses it did not end within 5 s (%)',
            blocked::oid::pg_catalog.regclass,
            coalesce(bi_refresh.lock_holders(blocked::oid), 'it has ended meanwhile')
        USING ERRCODE = 'lock_not_available', HINT = 'Try again when it has ended, or end it: SELECT pg_terminate_backend(...);';
END
$$;
