-- Every table that a change of a captured one may be written to: a statement fires the triggers of the table that it names alone,
-- so each member of a tree needs its own.
--   by_row   logical replication writes to some of the tree, which fires row triggers only: they then tell of all writes
CREATE OR REPLACE FUNCTION bi_refresh.capture_members(capture_ids integer[])
RETURNS TABLE (capture_id integer, relation oid, has_rows boolean, by_row boolean)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE member (capture_id, relation) AS (
    SELECT t.id, t.relation
    FROM bi_refresh.captured_table AS t
    WHERE t.id = ANY (capture_ids)
    UNION -- a table that has several parents is below each
    SELECT member.capture_id, i.inhrelid
    FROM member
    INNER JOIN pg_catalog.pg_inherits AS i ON member.relation = i.inhparent
)

SELECT
    member.capture_id,
    c.oid,
    c.relkind <> 'p',
    pg_catalog.bool_or(
        EXISTS (SELECT FROM pg_catalog.pg_subscription_rel AS s WHERE s.srrelid = c.oid)
    ) OVER (PARTITION BY member.capture_id)
FROM member
INNER JOIN pg_catalog.pg_class AS c ON member.relation = c.oid
$$;
