-- What waits for a maintained table of one captured table: how many entries, and whether one of them says that everything may have
-- changed, as one of an older layout does, too: it may lack a column. The log's entries are its own only until they are moved.
CREATE OR REPLACE FUNCTION bi_refresh.waiting_changes(
    table_id integer, capture_id integer, layout integer, with_log boolean
)
RETURNS TABLE (entries bigint, is_everything boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY EXECUTE pg_catalog.format(
        $waiting$
        SELECT
            pg_catalog.count(*),
            coalesce(pg_catalog.bool_or(e.bi_refresh_weight = 0 OR e.bi_refresh_layout < $2), false)
        FROM (
            SELECT p.bi_refresh_layout, p.bi_refresh_weight
            FROM bi_refresh_incremental.pending_%1$s AS p
            WHERE p.bi_refresh_table = $1
            UNION ALL
            SELECT l.bi_refresh_layout, l.bi_refresh_weight
            FROM bi_refresh_incremental.log_%1$s AS l
            WHERE $3
        ) AS e
        $waiting$,
        capture_id
    )
    USING table_id, layout, with_log;
END
$$;
