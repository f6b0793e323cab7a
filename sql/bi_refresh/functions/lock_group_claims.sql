-- Takes for all views of one call, by their full names, what lock_claims() takes for each, before the first of them is refreshed: what
-- is handed out while that one is computed would make the claims of the others fail. In one order for all of them, and only where
-- nobody else is refreshing one, which refresh_view() says then; so nobody who waits for us holds what we wait for. A transaction
-- without a snapshot of its own needs none of this, and one that may wait for ever does without.
CREATE OR REPLACE FUNCTION bi_refresh.lock_group_claims(views text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view_lock CONSTANT integer := 1447449157; -- as in refresh_view()
    moving_lock CONSTANT integer := 1447445577; -- as in move_entries()
    incremental CONSTANT text[] := ARRAY(
        SELECT v.view_name FROM bi_refresh.incremental_view AS v
        WHERE v.view_name = ANY (views) AND bi_refresh.is_incremental(v.view_name)
        ORDER BY v.view_name
    );
    view_name text;
    source record;
BEGIN
    IF coalesce(pg_catalog.cardinality(views), 0) < 2
        OR pg_catalog.current_setting('transaction_isolation') = 'read committed'
        OR pg_catalog.current_setting('lock_timeout') = '0'
    THEN
        RETURN;
    END IF;
    FOREACH view_name IN ARRAY incremental LOOP
        IF NOT pg_catalog.pg_try_advisory_xact_lock(view_lock, bi_refresh.view_oid(view_name)::integer) THEN
            RETURN;
        END IF;
    END LOOP;
    PERFORM FROM bi_refresh.maintained_table AS m
    WHERE m.view_name = ANY (incremental)
    ORDER BY m.id
    FOR NO KEY UPDATE;
    FOR source IN
        SELECT
            s.capture_id,
            -- as in claim_changes()
            pg_catalog.bool_or(t.kind = 'linear' OR made.is_made) AS must_move,
            pg_catalog.array_agg(t.id) AS tables
        FROM bi_refresh.maintained_table AS t
        INNER JOIN bi_refresh.maintained_source AS s ON t.id = s.table_id
        INNER JOIN bi_refresh.captured_table AS c ON s.capture_id = c.id
        CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT FROM bi_refresh.maintained_table AS m WHERE m.relation = c.relation) AS is_made
        ) AS made
        WHERE t.view_name = ANY (incremental)
        GROUP BY s.capture_id
        ORDER BY s.capture_id
    LOOP
        IF source.must_move THEN
            PERFORM pg_catalog.pg_advisory_xact_lock(moving_lock, source.capture_id);
        END IF;
        EXECUTE pg_catalog.format(
            'SELECT FROM bi_refresh_incremental.pending_%s AS p WHERE p.bi_refresh_table = ANY ($1) FOR UPDATE',
            source.capture_id
        )
        USING source.tables;
    END LOOP;
EXCEPTION
    -- the view that it is about fails for it, too, and says which it is
    WHEN serialization_failure OR lock_not_available OR deadlock_detected THEN
        NULL;
END
$$;
