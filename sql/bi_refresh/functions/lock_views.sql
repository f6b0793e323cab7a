-- Takes the locks of those views that nobody else is refreshing, or has refreshed since this transaction's snapshot, and returns
-- their names. To the end of the transaction, like refresh_view().
CREATE OR REPLACE FUNCTION bi_refresh.lock_views(views text[])
RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view_lock CONSTANT integer := 1447449157; -- as in refresh_view()
    locked text[] := '{}';
    state record;
BEGIN
    FOR state IN
        SELECT s.view_name, s.view_oid
        FROM bi_refresh.view_state AS s
        WHERE s.view_name = ANY (views) AND s.view_oid = bi_refresh.view_oid(s.view_name) AND s.fingerprint IS NOT NULL
        ORDER BY s.view_name
    LOOP
        IF pg_catalog.pg_try_advisory_xact_lock(view_lock, state.view_oid::integer) THEN
            BEGIN
                PERFORM FROM bi_refresh.view_state AS s WHERE s.view_name = state.view_name FOR NO KEY UPDATE NOWAIT;
                locked := locked || state.view_name;
            EXCEPTION
                WHEN serialization_failure OR lock_not_available THEN
                    NULL;
            END;
        END IF;
    END LOOP;
    RETURN locked;
END
$$;
