-- Ends the capturing of tables beneath which no view is maintained any more. One row for each: action is released, or why not yet.
CREATE OR REPLACE FUNCTION bi_refresh.release_captures()
RETURNS TABLE (relation text, action text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- It is tried at every run, and whoever wants to read the table meanwhile waits behind it.
    patience_ms CONSTANT integer := 300;
    captured record;
    message text;
BEGIN
    -- One that is being enabled may have had its tables captured a moment ago, and will say so in a moment.
    IF EXISTS (SELECT FROM bi_refresh.incremental_view AS v WHERE v.status = 'enabling') THEN
        RETURN;
    END IF;
    FOR captured IN
        SELECT t.id, t.relation::pg_catalog.regclass::text AS name
        FROM bi_refresh.captured_table AS t
        WHERE NOT EXISTS (SELECT FROM bi_refresh.maintained_source AS s WHERE s.capture_id = t.id)
        ORDER BY t.relation
        FOR UPDATE SKIP LOCKED
    LOOP
        relation := captured.name;
        BEGIN
            PERFORM bi_refresh.drop_capture(captured.id, patience_ms);
            action := 'released';
        EXCEPTION
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
                action := pg_catalog.format('is still captured: %s', message);
                PERFORM bi_refresh.retire_capture(captured.id);
        END;
        RETURN NEXT;
    END LOOP;
END
$$;
