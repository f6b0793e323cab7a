-- Ends the capturing of a table and removes all that was made for it. Where a transaction that uses the table does not let go of
-- it, the triggers stay, and from then on say no more than that something changed.
CREATE OR REPLACE FUNCTION bi_refresh.drop_capture(capture_id integer)
RETURNS void
LANGUAGE plpgsql
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
        INNER JOIN pg_catalog.pg_proc AS p ON g.tgfoid = p.oid
        WHERE p.pronamespace = 'bi_refresh_incremental'::pg_catalog.regnamespace
            AND p.proname IN (
                pg_catalog.format('capture_%s', drop_capture.capture_id),
                pg_catalog.format('capture_row_%s', drop_capture.capture_id)
            )
            AND g.tgparentid = 0
        ORDER BY g.tgrelid
    LOOP
        BEGIN
            EXECUTE trigger.statement;
        EXCEPTION
            WHEN lock_not_available THEN
                RAISE EXCEPTION 'a transaction that uses % did not end within 5 s (%)',
                    trigger.relation::pg_catalog.regclass,
                    coalesce(bi_refresh.lock_holders(trigger.relation), 'it has ended meanwhile')
                USING ERRCODE = 'lock_not_available';
        END;
    END LOOP;
    EXECUTE pg_catalog.format('DROP FUNCTION IF EXISTS bi_refresh_incremental.capture_%s()', capture_id);
    EXECUTE pg_catalog.format('DROP FUNCTION IF EXISTS bi_refresh_incremental.capture_row_%s()', capture_id);
    EXECUTE pg_catalog.format('DROP TABLE IF EXISTS bi_refresh_incremental.log_%s', capture_id);
    EXECUTE pg_catalog.format('DROP TABLE IF EXISTS bi_refresh_incremental.pending_%s', capture_id);
    DELETE FROM bi_refresh.captured_table AS t WHERE t.id = drop_capture.capture_id;
END
$$;
