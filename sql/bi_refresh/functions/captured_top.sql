-- The topmost relation of the tree of partitions or inheriting tables that a relation belongs to; itself, if it is in none. NULL:
-- some relation above has several parents, so that no single one stands above all that may write to it.
CREATE OR REPLACE FUNCTION bi_refresh.captured_top(relation oid)
RETURNS oid
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE above (relation, height) AS (
    SELECT captured_top.relation, 0
    UNION ALL
    SELECT i.inhparent, above.height + 1
    FROM above
    INNER JOIN pg_catalog.pg_inherits AS i ON above.relation = i.inhrelid
)

SELECT CASE WHEN pg_catalog.max(above.height) + 1 = pg_catalog.count(*) THEN
    (pg_catalog.array_agg(above.relation ORDER BY above.height DESC))[1]
END
FROM above
$$;
