-- Takes a captured table's triggers from every table that has one, in its tree or not. Waits for transactions that use a table, and
-- makes new ones wait, so not for long.
CREATE OR REPLACE FUNCTION bi_refresh.drop_capture_triggers(capture_id integer)
RETURNS void
LANGUAGE plpgsql
-- longer than any usual transaction, shorter than what users put up with
SET lock_timeout = '5s'
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    trigger record;
BEGIN
    FOR trigger IN
        SELECT
            g.tgrelid AS relation,
            pg_catalog.format('DROP TRIGGER %I ON %s', g.tgname, g.tgrelid::pg_catalog.regclass) AS statement
        FROM pg_catalog.pg_trigger AS g
        WHERE g.tgfoid = ANY (bi_refresh.capture_function_oids(capture_id))
        -- one order, so that two sessions do not wait for each other
        ORDER BY g.tgrelid
    LOOP
        EXECUTE trigger.statement;
    END LOOP;
EXCEPTION
    WHEN lock_not_available THEN
        RAISE EXCEPTION 'a transaction that uses % did not end within 5 s (%)',
            trigger.relation::pg_catalog.regclass,
            coalesce(bi_refresh.lock_holders(trigger.relation), 'it has ended meanwhile')
        USING ERRCODE = 'lock_not_available';
END
$$;
