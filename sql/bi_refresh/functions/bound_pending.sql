-- Lets one entry that says "everything" stand for those of a maintained table that has very many, or one of that kind among
-- others: the entries of a view that is never refreshed would only grow.
CREATE OR REPLACE FUNCTION bi_refresh.bound_pending(capture_id integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most_entries CONSTANT bigint := 200000;
    pending CONSTANT text := pg_catalog.format('bi_refresh_incremental.pending_%s', capture_id);
    table_id integer;
    crowded boolean;
BEGIN
    -- an entry takes 28 bytes at the least
    crowded := pg_catalog.pg_relation_size(pending::pg_catalog.regclass) > 28 * most_entries;
    FOR table_id IN
        EXECUTE pg_catalog.format(
            $crowded$
            SELECT e.bi_refresh_table FROM %1$s AS e WHERE e.bi_refresh_weight = 0
            UNION
            SELECT e.bi_refresh_table FROM %1$s AS e WHERE $2 GROUP BY e.bi_refresh_table HAVING pg_catalog.count(*) > $1
            $crowded$,
            pending
        )
        USING most_entries, crowded
    LOOP
        -- Entries that a refresh is taking at this moment are its own.
        EXECUTE pg_catalog.format(
            $collapse$
            WITH removed AS (
                DELETE FROM %1$s AS p
                WHERE p.ctid = ANY (ARRAY(
                    SELECT e.ctid FROM %1$s AS e WHERE e.bi_refresh_table = $1 FOR UPDATE SKIP LOCKED
                ))
                RETURNING p.bi_refresh_layout
            )
            INSERT INTO %1$s (bi_refresh_table, bi_refresh_layout, bi_refresh_weight)
            SELECT $1, pg_catalog.max(removed.bi_refresh_layout), 0
            FROM removed
            HAVING pg_catalog.count(*) > 0
            $collapse$,
            pending
        )
        USING table_id;
    END LOOP;
END
$$;
