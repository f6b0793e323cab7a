-- Takes what changed beneath a maintained table since its last refresh, as far as the transaction's snapshot sees it, for the
-- caller to bring into the table in the same transaction. One row for each of its sources:
--   is_everything   which rows changed is not known: TRUNCATE, a statement over very many rows, a source whose every change
--                   touches everything
--   changes         how many entries there were; 0: nothing changed
-- Where it is known, the rows are in pg_temp.changed_<table>_<capture> to the transaction's end: the captured columns, and
-- bi_refresh_weight: 1 for a row as it is now, -1 as it was. The owner of the defining query may read it. For slices a row may
-- stand there once for many, or again in a later claim; for a linear table, exactly one for each change.
--
-- Under READ COMMITTED the caller computes the whole table in a statement of its own after this, which then sees at least what
-- was claimed. A linear table is told to do so once more, for what it sees beyond would be counted twice.
CREATE OR REPLACE FUNCTION bi_refresh.claim_changes(table_id integer)
RETURNS TABLE (capture_id integer, is_everything boolean, changes bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moving_lock CONSTANT integer := 1447445577; -- as in move_entries()
    moves_log boolean;
    has_snapshot CONSTANT boolean := pg_catalog.current_setting('transaction_isolation') IN ('repeatable read', 'serializable');
    source record;
BEGIN
    FOR source IN
        SELECT
            s.capture_id,
            s.layout,
            t.kind,
            t.kind = 'slices' AND s.slice IS NULL AS is_indirect,
            bi_refresh.must_move(s.table_id, s.capture_id) AS must_move
        FROM bi_refresh.maintained_source AS s
        INNER JOIN bi_refresh.maintained_table AS t ON s.table_id = t.id
        WHERE s.table_id = claim_changes.table_id
        ORDER BY s.capture_id
    LOOP
        capture_id := source.capture_id;
        IF source.must_move THEN
            PERFORM pg_catalog.pg_advisory_xact_lock(moving_lock, source.capture_id);
            moves_log := true;
        ELSE
            -- Others are read in the log, where they wait for distribute_changes(): two refreshes that moved them would not both
            -- succeed. Under READ COMMITTED both would, and perhaps nothing else ever moves them.
            moves_log := NOT has_snapshot AND pg_catalog.pg_try_advisory_xact_lock(moving_lock, source.capture_id);
        END IF;
        IF moves_log THEN
            -- An entry that somebody else moved since the snapshot raises serialization_failure.
            PERFORM bi_refresh.move_entries(source.capture_id, false);
        END IF;
        SELECT w.entries, w.is_everything OR (source.is_indirect AND w.entries > 0) INTO changes, is_everything
        FROM bi_refresh.waiting_changes(table_id, source.capture_id, source.layout, NOT moves_log) AS w;
        IF changes > 0 THEN
            IF NOT is_everything THEN
                changes := bi_refresh.copy_changes(table_id, source.capture_id, source.kind = 'slices', NOT moves_log);
            END IF;
            EXECUTE pg_catalog.format(
                'DELETE FROM bi_refresh_incremental.pending_%s AS p WHERE p.bi_refresh_table = $1', source.capture_id
            )
            USING table_id;
        END IF;
        IF source.kind = 'linear' AND NOT has_snapshot THEN
            EXECUTE pg_catalog.format(
                'INSERT INTO bi_refresh_incremental.pending_%s (bi_refresh_table, bi_refresh_layout, bi_refresh_weight)'
                ' VALUES ($1, $2, 0)',
                source.capture_id
            )
            USING table_id, source.layout;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
