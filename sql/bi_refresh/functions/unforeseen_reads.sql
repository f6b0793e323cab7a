-- What a refresh has read besides what its fingerprint covers, in words; NULL: nothing. The planner sees a partition that was
-- attached after the snapshot, and a function that says it is immutable may read what it likes; but nothing is read without a
-- lock.
--   held_before   held_relations() before the refresh
CREATE OR REPLACE FUNCTION bi_refresh.unforeseen_reads(view_oid oid, fingerprint jsonb, held_before oid[])
RETURNS text
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
WITH foreseen AS (
    SELECT pg_catalog.unnest(bi_refresh.covered_relations(fingerprint)) AS relation
    UNION ALL
    SELECT view_oid
),

other AS (
    SELECT held.relation, named.name, held.relation = ANY (held_before) AS was_held
    FROM pg_catalog.unnest(bi_refresh.held_relations()) AS held (relation)
    -- by the present catalogs, and not by the snapshot's: a partition attached after it may be younger, too
    CROSS JOIN LATERAL (SELECT held.relation::pg_catalog.regclass::text AS name) AS named
    WHERE held.relation NOT IN (SELECT foreseen.relation FROM foreseen)
        -- what REFRESH made and dropped has a number and no name
        AND named.name !~ '^\d+$'
        -- a table is locked with its indexes and its TOAST table
        AND pg_catalog.pg_get_indexdef(held.relation) IS NULL
        AND named.name !~ '^(bi_refresh|pg_toast)\.'
)

SELECT
    CASE
        WHEN pg_catalog.count(*) FILTER (WHERE NOT other.was_held) > 0
            THEN pg_catalog.format(
                'no fingerprint kept: it also read %s, through a function that hides it or as a partition attached meanwhile',
                pg_catalog.string_agg(other.name, ', ' ORDER BY other.name) FILTER (WHERE NOT other.was_held)
            )
        -- read for another view of its group, and perhaps by this one, too
        WHEN pg_catalog.count(*) > 0 AND (fingerprint -> 'calls_functions')::boolean
            THEN 'no fingerprint kept: it calls functions, and what they read cannot be told apart from what this transaction '
                'read before'
    END
FROM other
$$;
