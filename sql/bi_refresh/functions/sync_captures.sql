-- Brings what captures changes up to date: triggers for partitions that were attached, back for those that lost theirs, away from
-- tables that left a tree; row triggers where logical replication has begun to write. NULL: for all captured tables, after
-- find_restored() and before release_captures(). One row for each where there was something to do: action is captured, or why it
-- could not be done. Tables stay locked against writers to the transaction's end, so whoever has many asks for one at a time.
CREATE OR REPLACE FUNCTION bi_refresh.sync_captures(capture_ids integer[] DEFAULT NULL)
RETURNS TABLE (relation text, action text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    patience_ms CONSTANT integer := 2000;
    captured record;
    message text;
    changed integer;
BEGIN
    IF capture_ids IS NULL THEN
        RETURN QUERY SELECT f.relation, f.action FROM bi_refresh.find_restored() AS f;
    END IF;
    FOR captured IN
        SELECT t.id, t.relation AS top, t.relation::pg_catalog.regclass::text AS name
        FROM bi_refresh.captured_table AS t
        WHERE (t.id = ANY (sync_captures.capture_ids) OR sync_captures.capture_ids IS NULL)
            AND EXISTS (SELECT FROM bi_refresh.maintained_source AS s WHERE s.capture_id = t.id)
        ORDER BY t.relation
    LOOP
        relation := captured.name;
        BEGIN
            message := bi_refresh.capture_obstacle(captured.top);
            IF message IS NOT NULL THEN
                RAISE EXCEPTION '%', message USING ERRCODE = 'feature_not_supported';
            END IF;
            IF EXISTS (SELECT FROM bi_refresh.capture_functions(ARRAY[captured.id]) AS f WHERE NOT f.is_right) THEN
                -- Writers that still run another body are waited for, and new triggers are another structure: whatever that
                -- body kept to itself, the next refresh is in full.
                PERFORM bi_refresh.drop_capture_triggers(captured.id, patience_ms);
                PERFORM bi_refresh.set_capture_functions(captured.id);
            END IF;
            changed := bi_refresh.set_capture_triggers(captured.id);
            action := 'captured';
        EXCEPTION
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
                changed := 1;
                action := pg_catalog.format('cannot be captured: %s', message);
        END;
        IF changed > 0 THEN
            RETURN NEXT;
        END IF;
        EXECUTE pg_catalog.format(
            'DELETE FROM bi_refresh_incremental.pending_%s AS p'
            ' WHERE NOT EXISTS (SELECT FROM bi_refresh.maintained_table AS t WHERE t.id = p.bi_refresh_table)',
            captured.id
        );
    END LOOP;
    IF capture_ids IS NULL THEN
        RETURN QUERY SELECT r.relation, r.action FROM bi_refresh.release_captures() AS r;
    END IF;
END
$$;
