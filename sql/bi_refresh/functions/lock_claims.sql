-- Keeps what the refreshes of views, by their full names, are going to claim as it is now, to the end of the transaction. Nobody passes
-- over an entry for what the contents are now (entries_that_matter()). Nobody else moves what they must move themselves: in one order
-- for all views, for refreshes that took these locks stage by stage would wait for each other. And nobody writes anew what waits for
-- one of their tables while another is computed, which its claim would fail on, each time.
--   at_hand   the view whose first table is claimed at once, and needs no such care; NULL: none
CREATE OR REPLACE FUNCTION bi_refresh.lock_claims(views text[], at_hand text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moving_lock CONSTANT integer := 1447445577; -- as in move_entries()
    first_table CONSTANT integer := (
        SELECT t.id FROM bi_refresh.maintained_table AS t
        WHERE t.view_name = at_hand
        ORDER BY t.position
        LIMIT 1
    );
    source record;
BEGIN
    PERFORM FROM bi_refresh.maintained_table AS t
    WHERE t.view_name = ANY (views)
    ORDER BY t.id
    FOR NO KEY UPDATE;
    FOR source IN
        SELECT
            s.capture_id,
            pg_catalog.bool_or(bi_refresh.must_move(t.id, s.capture_id)) AS must_move,
            pg_catalog.array_agg(t.id) FILTER (WHERE t.id IS DISTINCT FROM first_table) AS later
        FROM bi_refresh.maintained_table AS t
        INNER JOIN bi_refresh.maintained_source AS s ON t.id = s.table_id
        WHERE t.view_name = ANY (views)
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
