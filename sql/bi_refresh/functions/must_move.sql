-- Whether a maintained table's refresh must move a captured table's log itself, for entries that only it sees, or that must count once.
CREATE OR REPLACE FUNCTION bi_refresh.must_move(table_id integer, capture_id integer)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT t.kind = 'linear' OR EXISTS (
    SELECT FROM bi_refresh.captured_table AS c
    INNER JOIN bi_refresh.maintained_table AS stage ON c.relation = stage.relation
    WHERE c.id = must_move.capture_id
)
FROM bi_refresh.maintained_table AS t
WHERE t.id = must_move.table_id
$$;
