-- Refreshes every enabled managed view as refresh_bi_views() does, and says what became of each.
--   status         completed, skipped, failed or cancelled
--   rows_affected  the rows that the view has now; NULL where nothing was refreshed
--   error_message  with what to do about it; NULL where nothing went wrong
CREATE OR REPLACE FUNCTION bi_refresh.refresh_all_mv()
RETURNS TABLE (view_name text, status text, duration_ms bigint, rows_affected bigint, error_message text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    refreshed record;
BEGIN
    FOR refreshed IN SELECT r.vista_nombre FROM bi_refresh.refresh_bi_views() AS r LOOP
        -- the entry that the call has just written
        SELECT
            l.view_name,
            l.status,
            l.duration_ms,
            l.rows_total,
            pg_catalog.concat_ws('. ', pg_catalog.rtrim(l.error, '.'), l.remedy)
        INTO view_name, status, duration_ms, rows_affected, error_message
        FROM bi_refresh.mv_refresh_log AS l
        WHERE l.view_name = refreshed.vista_nombre AND l.backend_pid = pg_catalog.pg_backend_pid()
        ORDER BY l.id DESC
        LIMIT 1;
        error_message := NULLIF(error_message, '');
        RETURN NEXT;
    END LOOP;
END
$$;
