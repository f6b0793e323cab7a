-- Lets one entry that says "everything" stand for those of a maintained table that has very many: those of a view that is never
-- refreshed would only grow.
CREATE OR REPLACE FUNCTION bi_refresh.bound_pending(capture_id integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most_entries CONSTANT bigint := 200000;
    pending CONSTANT text := pg_catalog.format('bi_refresh_incremental.pending_%s', capture_id);
    table_id integer;
BEGIN
    -- counted only where there may be as many: an entry takes 28 bytes at the least
    IF pg_catalog.pg_relation_size(pending::pg_catalog.regclass) < 28 * most_entries THEN
        RETURN;
    END IF;
    FOR table_id IN
        EXECUTE pg_catalog.format(
            'SELECT e.bi_refresh_table FROM %1$s AS e GROUP BY e.bi_refresh_table HAVING pg_catalog.count(*) > $1', pending
        )
        USING most_entries
    LOOP
        -- Those that a refresh is taking at this moment are its own.
        EXECUTE pg_catalog.format(
            $collapse$
            WITH free AS MATERIALIZED (
                SELECT e.ctid, e.bi_refresh_layout FROM %1$s AS e
                WHERE e.bi_refresh_table = $1
                FOR UPDATE SKIP LOCKED
            ),
            many AS (
                SELECT pg_catalog.max(free.bi_refresh_layout) AS layout FROM free HAVING pg_catalog.count(*) > $2
            ),
            removed AS (
                DELETE FROM %1$s AS p
                WHERE p.ctid = ANY (ARRAY(SELECT free.ctid FROM free WHERE EXISTS (SELECT FROM many)))
            )
            INSERT INTO %1$s (bi_refresh_table, bi_refresh_layout, bi_refresh_weight)
            SELECT $1, many.layout, 0
            FROM many
            $collapse$,
            pending
        )
        USING table_id, most_entries;
    END LOOP;
END
$$;
