-- Ends the capturing of a table and removes all that was made for it. Waits for transactions as drop_capture_triggers() does.
CREATE OR REPLACE FUNCTION bi_refresh.drop_capture(capture_id integer, patience_ms integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    trigger_function oid;
BEGIN
    PERFORM bi_refresh.drop_capture_triggers(capture_id, patience_ms);
    FOREACH trigger_function IN ARRAY bi_refresh.capture_function_oids(capture_id) LOOP
        EXECUTE pg_catalog.format('DROP FUNCTION %s', trigger_function::pg_catalog.regprocedure);
    END LOOP;
    EXECUTE pg_catalog.format('DROP TABLE IF EXISTS bi_refresh_incremental.log_%s', capture_id);
    EXECUTE pg_catalog.format('DROP TABLE IF EXISTS bi_refresh_incremental.pending_%s', capture_id);
    DELETE FROM bi_refresh.captured_table AS t WHERE t.id = drop_capture.capture_id;
END
$$;
