-- Moves the entries of captured tables' logs that can be seen to the maintained tables that they matter to, so that each refresh
-- claims its own and refreshes of different views never meet. NULL: of all captured tables. Those that another session is moving
-- are left to it. Returns how many entries it took from the logs: what matters to nobody goes nowhere.
CREATE OR REPLACE FUNCTION bi_refresh.distribute_changes(capture_ids integer[] DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    capture_id integer;
    total bigint := 0;
BEGIN
    FOR capture_id IN
        SELECT t.id
        FROM bi_refresh.captured_table AS t
        WHERE t.id = ANY (distribute_changes.capture_ids) OR distribute_changes.capture_ids IS NULL
        -- one order, so that two sessions do not wait for each other
        ORDER BY t.id
    LOOP
        total := total + bi_refresh.move_entries(capture_id, true);
    END LOOP;
    RETURN total;
END
$$;
