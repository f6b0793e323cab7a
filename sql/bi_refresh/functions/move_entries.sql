-- Moves the entries of one captured table's log that can be seen to the maintained tables that they matter to, unless another session
-- is moving them. Returns how many entries it took from the log.
--   passes_over   what no window looks at is for nobody (entries_that_matter())
CREATE OR REPLACE FUNCTION bi_refresh.move_entries(capture_id integer, passes_over boolean)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moving_lock CONSTANT integer := 1447445577; -- 'VFDI'
    log CONSTANT text := pg_catalog.format('bi_refresh_incremental.log_%s', capture_id);
    layout record;
    matters text := 'true';
    has_entries boolean;
    taken bigint;
BEGIN
    IF NOT pg_catalog.pg_try_advisory_xact_lock(moving_lock, capture_id) THEN
        RETURN 0;
    END IF;
    -- Most logs are empty most of the time, and looking is quicker than planning to move nothing. It also waits for whoever
    -- gives the log a column.
    EXECUTE pg_catalog.format('SELECT EXISTS (SELECT FROM %s)', log) INTO has_entries;
    IF NOT has_entries THEN
        RETURN 0;
    END IF;
    -- Not before: entries would be moved without the column that was just added.
    layout := bi_refresh.log_layout(capture_id);
    IF passes_over THEN
        matters := bi_refresh.entries_that_matter(capture_id);
    END IF;
    -- A table beneath which everything changed anyway needs no more than that said, and neither does one with a source whose
    -- every change touches everything. What said so is written anew: a refresh that has begun, and does not see these
    -- entries, must not take it for theirs.
    EXECUTE pg_catalog.format(
        $move$
        WITH moved AS (
            DELETE FROM %1$s RETURNING bi_refresh_layout, bi_refresh_weight %3$s
        ),
        everything AS (
            DELETE FROM %2$s AS p
            WHERE p.ctid = ANY (ARRAY(
                SELECT e.ctid FROM %2$s AS e
                WHERE e.bi_refresh_weight = 0 AND EXISTS (SELECT FROM moved)
                FOR UPDATE SKIP LOCKED
            ))
            RETURNING p.bi_refresh_table
        ),
        interested AS MATERIALIZED (
            SELECT
                i.table_id,
                (t.kind = 'slices' AND i.slice IS NULL)
                OR EXISTS (SELECT FROM everything WHERE everything.bi_refresh_table = i.table_id)
                OR EXISTS (SELECT FROM moved AS m WHERE m.bi_refresh_weight = 0 OR m.bi_refresh_layout < i.layout)
                -- as bound_pending() would say, after they were all written; and before that where the whole takes no longer
                -- than handing them out and reading them, at 5 microseconds each
                OR (
                    SELECT pg_catalog.count(*) FROM moved AS m WHERE %4$s
                ) > LEAST(200000, GREATEST(5000, 200 * t.full_ms)) AS in_full
            FROM bi_refresh.maintained_source AS i
            INNER JOIN bi_refresh.maintained_table AS t ON i.table_id = t.id
            WHERE i.capture_id = $1
        ),
        filed AS (
            INSERT INTO %2$s (bi_refresh_table, bi_refresh_layout, bi_refresh_weight %3$s)
            SELECT i.table_id, m.*
            FROM interested AS i
            CROSS JOIN moved AS m
            WHERE NOT i.in_full AND %4$s
        ),
        filed_in_full AS (
            INSERT INTO %2$s (bi_refresh_table, bi_refresh_layout, bi_refresh_weight)
            SELECT i.table_id, $2, 0
            FROM interested AS i
            WHERE i.in_full AND EXISTS (SELECT FROM moved)
        )
        SELECT pg_catalog.count(*) FROM moved
        $move$,
        log, pg_catalog.format('bi_refresh_incremental.pending_%s', capture_id), layout.columns, matters
    )
    INTO taken
    USING capture_id, layout.number;
    IF taken > 0 THEN
        PERFORM bi_refresh.bound_pending(capture_id);
    END IF;
    RETURN taken;
END
$$;
