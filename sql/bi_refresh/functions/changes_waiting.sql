-- Whether any entry waits for a view that is maintained: false means that no captured table beneath it changed since its last
-- refresh, as far as the caller's snapshot sees. NULL: that cannot be told, for a log is gone or held by somebody; planning goes on
-- all the same.
CREATE OR REPLACE FUNCTION bi_refresh.changes_waiting(view_name text)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '200ms'
AS $$
DECLARE
    source record;
    found_one boolean;
BEGIN
    FOR source IN
        SELECT s.capture_id, pg_catalog.array_agg(t.id) AS tables
        FROM bi_refresh.maintained_table AS t
        INNER JOIN bi_refresh.maintained_source AS s ON t.id = s.table_id
        WHERE t.view_name = changes_waiting.view_name
        GROUP BY s.capture_id
        ORDER BY s.capture_id
    LOOP
        EXECUTE pg_catalog.format(
            'SELECT EXISTS (SELECT FROM bi_refresh_incremental.log_%1$s)'
            ' OR EXISTS (SELECT FROM bi_refresh_incremental.pending_%1$s AS p WHERE p.bi_refresh_table = ANY ($1))',
            source.capture_id
        )
        INTO found_one
        USING source.tables;
        IF found_one THEN
            RETURN true;
        END IF;
    END LOOP;
    RETURN false;
EXCEPTION
    WHEN undefined_table OR lock_not_available THEN
        RETURN NULL;
END
$$;
