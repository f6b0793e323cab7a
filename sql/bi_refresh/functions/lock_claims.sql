-- Keeps what a view's refresh is going to claim as it is now, to the end of the transaction. Nobody passes over an entry for what the
-- contents are now (entries_that_matter()). Nobody else moves what it must move itself: in one order for all views, for refreshes
-- that took these locks stage by stage would wait for each other. And nobody writes anew what waits for its later stages while the
-- first are computed, which their claims would fail on, each time.
CREATE OR REPLACE FUNCTION bi_refresh.lock_claims(view_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moving_lock CONSTANT integer := 1447445577; -- as in move_entries()
    source record;
BEGIN
    PERFORM FROM bi_refresh.maintained_table AS m
    WHERE m.view_name = lock_claims.view_name
    ORDER BY m.id
    FOR NO KEY UPDATE;
    FOR source IN
        SELECT
            s.capture_id,
            -- as in claim_changes()
            pg_catalog.bool_or(t.kind = 'linear' OR made.is_made) AS must_move,
            pg_catalog.array_agg(t.id) FILTER (WHERE t.position > first.position) AS later
        FROM bi_refresh.maintained_table AS t
        INNER JOIN bi_refresh.maintained_source AS s ON t.id = s.table_id
        INNER JOIN bi_refresh.captured_table AS c ON s.capture_id = c.id
        CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT FROM bi_refresh.maintained_table AS m WHERE m.relation = c.relation) AS is_made
        ) AS made
        CROSS JOIN LATERAL (
            SELECT pg_catalog.min(m.position) AS position
            FROM bi_refresh.maintained_table AS m
            WHERE m.view_name = lock_claims.view_name
        ) AS first
        WHERE t.view_name = lock_claims.view_name
        GROUP BY s.capture_id
        ORDER BY s.capture_id
    LOOP
        IF source.must_move THEN
            PERFORM pg_catalog.pg_advisory_xact_lock(moving_lock, source.capture_id);
        END IF;
        IF source.later IS NOT NULL THEN
            EXECUTE pg_catalog.format(
                'SELECT FROM bi_refresh_incremental.pending_%s AS p WHERE p.bi_refresh_table = ANY ($1) FOR UPDATE',
                source.capture_id
            )
            USING source.later;
        END IF;
    END LOOP;
END
$$;
