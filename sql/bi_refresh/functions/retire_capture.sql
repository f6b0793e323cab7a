-- Makes the triggers of a captured table that nobody asks about any more say "everything" and look at no column, until they can be
-- dropped: their table may change its columns meanwhile.
CREATE OR REPLACE FUNCTION bi_refresh.retire_capture(capture_id integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE bi_refresh.captured_table AS t
    SET columns = '{}', layout = t.layout + 1
    WHERE t.id = retire_capture.capture_id AND t.columns <> '{}';
    PERFORM bi_refresh.set_capture_functions(capture_id);
    -- nobody asks about these
    PERFORM bi_refresh.move_entries(capture_id, false);
END
$$;
