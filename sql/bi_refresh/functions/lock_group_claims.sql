-- lock_claims() for all views of one call, before the first of them is refreshed: what is handed out while that one is computed would
-- make the claims of the others fail. Only where nobody else is refreshing one, which refresh_view() says then; so nobody who waits for
-- us holds what we wait for. A transaction without a snapshot of its own needs none of this, and one that may wait for ever does without.
CREATE OR REPLACE FUNCTION bi_refresh.lock_group_claims(views text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view_lock CONSTANT integer := 1447449157; -- as in refresh_view()
    incremental text[];
    view_name text;
BEGIN
    IF coalesce(pg_catalog.cardinality(views), 0) < 2
        OR pg_catalog.current_setting('transaction_isolation') = 'read committed'
        OR pg_catalog.current_setting('lock_timeout') = '0'
    THEN
        RETURN;
    END IF;
    incremental := ARRAY(
        SELECT v.view_name FROM bi_refresh.incremental_view AS v
        WHERE v.view_name = ANY (views) AND bi_refresh.is_incremental(v.view_name)
        ORDER BY v.view_name
    );
    FOREACH view_name IN ARRAY incremental LOOP
        IF NOT pg_catalog.pg_try_advisory_xact_lock(view_lock, bi_refresh.view_oid(view_name)::integer) THEN
            RETURN;
        END IF;
    END LOOP;
    PERFORM bi_refresh.lock_claims(incremental, NULL);
EXCEPTION
    -- the view that it is about fails for it, too, and says which it is
    WHEN serialization_failure OR lock_not_available OR deadlock_detected THEN
        NULL;
END
$$;
