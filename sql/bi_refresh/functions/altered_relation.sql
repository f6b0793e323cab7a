-- One of the relations that this transaction has read whose place or columns somebody changed after its snapshot, in words; NULL: there
-- is none. Planner and executor go by the present catalogs: what was attached, detached, inherited or created meanwhile was perhaps
-- seen by some of what was read and not by the rest. Neither the snapshot's structure says so, nor the next one's, if it was as before by
-- then. Other changes (a GRANT) are told, too. Only while locks are held on them does the answer stay right.
--   relations   those that were known to be read; what else is locked was read as well
CREATE OR REPLACE FUNCTION bi_refresh.altered_relation(relations oid[])
RETURNS text
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
WITH read AS (
    SELECT known.relation, true AS is_known
    FROM pg_catalog.unnest(relations) AS known (relation)
    UNION ALL
    SELECT held.relation, false
    FROM pg_catalog.unnest(bi_refresh.held_relations()) AS held (relation)
    WHERE held.relation <> ALL (relations)
        -- a table is locked with its indexes and its TOAST table; what we made and dropped has a number and no name
        AND pg_catalog.pg_get_indexdef(held.relation) IS NULL
        AND held.relation::pg_catalog.regclass::text !~ '^(\d+$|(bi_refresh|bi_refresh_incremental|pg_toast)\.)'
)

SELECT pg_catalog.min(read.relation::pg_catalog.regclass::text)
FROM read
LEFT JOIN pg_catalog.pg_class AS c ON read.relation = c.oid
WHERE (c.oid IS NULL AND NOT read.is_known)
    -- the version that the snapshot sees, and the last one that is committed
    OR pg_catalog.currtid2('pg_catalog.pg_class', c.ctid) <> c.ctid
    -- the columns of a child say of how many parents they are, and nothing else of it does
    OR EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = c.oid
            AND a.attnum > 0
            AND NOT c.relispartition
            AND (NOT read.is_known OR EXISTS (SELECT FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid))
            AND pg_catalog.currtid2('pg_catalog.pg_attribute', a.ctid) <> a.ctid
    )
$$;
