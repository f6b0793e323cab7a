-- What touch triggers know of tables: how many statements that wrote to each can be seen. The number only grows, and the entry of
-- a statement is written in its own transaction, so the same number under two snapshots means the same rows. A statement on a
-- partitioned table or an inheritance parent fires the triggers of that one alone: all above a table belong to it.
--   state     NULL: not known
--   problem   why it is not known, in words; NULL with state
CREATE OR REPLACE FUNCTION bi_refresh.touch_states(relations oid[])
RETURNS TABLE (relation oid, state text, problem text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE written_through (relation, target) AS (
    SELECT r.relation, r.relation
    FROM pg_catalog.unnest(relations) AS r (relation)
    UNION
    SELECT written_through.relation, i.inhparent
    FROM written_through
    INNER JOIN pg_catalog.pg_inherits AS i ON written_through.target = i.inhrelid
),

touched AS (
    SELECT t.relation, pg_catalog.sum(t.touches) AS touches
    FROM (
        SELECT one.relation, pg_catalog.count(*) AS touches
        FROM bi_refresh.table_touch AS one
        GROUP BY one.relation
        UNION ALL
        SELECT total.relation, total.touches
        FROM bi_refresh.table_touch_total AS total
    ) AS t
    GROUP BY t.relation
),

target AS (
    SELECT
        c.oid,
        pg_catalog.concat_ws('/', g.oid, g.xmin, coalesce(touched.touches, 0)) AS state,
        CASE
            WHEN EXISTS (SELECT FROM pg_catalog.pg_subscription_rel AS s WHERE s.srrelid = c.oid)
                THEN '%s is written by logical replication, which fires no statement triggers'
            -- a crash empties it, and no trigger sees that
            WHEN c.relpersistence = 'u' THEN '%s is unlogged'
            WHEN g.oid IS NULL THEN '%s has no touch trigger'
            WHEN g.tgenabled <> 'A' THEN 'the touch trigger on %s is not enabled always'
        END AS problem,
        pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    LEFT JOIN pg_catalog.pg_trigger AS g
        ON c.oid = g.tgrelid
            AND NOT g.tgisinternal
            AND g.tgfoid = 'bi_refresh.record_touch()'::pg_catalog.regprocedure
            AND g.tgname = 'bi_refresh_touch'
            -- after each statement that inserts, deletes, updates or truncates, whatever it says
            AND g.tgtype = 4 + 8 + 16 + 32
            AND g.tgqual IS NULL
            AND pg_catalog.cardinality(g.tgattr::smallint[]) = 0
    LEFT JOIN touched ON c.oid = touched.relation
    WHERE c.oid IN (SELECT written_through.target FROM written_through)
)

SELECT
    written_through.relation,
    CASE
        WHEN pg_catalog.count(target.problem) = 0
            THEN pg_catalog.string_agg(target.state, ' ' ORDER BY target.oid)
    END,
    pg_catalog.min(pg_catalog.format(target.problem, target.name))
FROM written_through
INNER JOIN target ON written_through.target = target.oid
GROUP BY written_through.relation
$$;
