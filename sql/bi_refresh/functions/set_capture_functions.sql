-- Makes a captured table's trigger functions, or brings them to what capture_body() gives today.
CREATE OR REPLACE FUNCTION bi_refresh.set_capture_functions(capture_id integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    change record;
BEGIN
    FOR change IN
        SELECT f.name, f.body
        FROM bi_refresh.capture_functions(ARRAY[set_capture_functions.capture_id]) AS f
        WHERE NOT f.is_right
    LOOP
        -- SECURITY DEFINER: writers need no right to bi_refresh. No SET search_path: it would cost every write a tenth more.
        EXECUTE pg_catalog.format(
            'CREATE OR REPLACE FUNCTION bi_refresh_incremental.%I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS %L',
            change.name, change.body
        );
        EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION bi_refresh_incremental.%I() FROM PUBLIC', change.name);
    END LOOP;
END
$$;
