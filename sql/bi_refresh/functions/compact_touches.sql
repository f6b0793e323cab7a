-- Adds up the entries of touch triggers that can be seen and removes them, in one statement: before and after it, the sum is the
-- same. Returns how many it removed.
CREATE OR REPLACE FUNCTION bi_refresh.compact_touches()
RETURNS bigint
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
WITH removed AS (
    DELETE FROM bi_refresh.table_touch
    RETURNING relation
),

added AS (
    INSERT INTO bi_refresh.table_touch_total AS t (relation, touches)
    SELECT removed.relation, pg_catalog.count(*)
    FROM removed
    GROUP BY removed.relation
    -- one order, so that two sessions do not wait for each other
    ORDER BY removed.relation
    ON CONFLICT ON CONSTRAINT table_touch_total_pkey DO UPDATE SET touches = t.touches + excluded.touches
)

SELECT pg_catalog.count(*) FROM removed
$$;
