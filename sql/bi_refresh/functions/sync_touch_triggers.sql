-- Gives touch triggers to the tables that enabled views with change_detection = 'touch' read, with their partitions, their
-- children and everything above them, and takes them from all others. Returns what it did: watched, released.
CREATE OR REPLACE FUNCTION bi_refresh.sync_touch_triggers()
RETURNS TABLE (relation text, action text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    change record;
BEGIN
    FOR change IN
        SELECT
            c.oid,
            c.oid::pg_catalog.regclass::text AS name,
            wanted.relation IS NOT NULL AS is_wanted,
            g.oid IS NOT NULL AS has_one
        FROM pg_catalog.pg_class AS c
        LEFT JOIN pg_catalog.unnest(bi_refresh.relations_to_watch()) AS wanted (relation) ON c.oid = wanted.relation
        LEFT JOIN pg_catalog.pg_trigger AS g
            ON c.oid = g.tgrelid AND NOT g.tgisinternal AND g.tgfoid = 'bi_refresh.record_touch()'::pg_catalog.regprocedure
        WHERE (wanted.relation IS NULL) <> (g.oid IS NULL) OR g.tgenabled <> 'A'
        -- one order, so that two sessions do not wait for each other
        ORDER BY c.oid
    LOOP
        PERFORM bi_refresh.set_touch_trigger(change.oid, change.has_one, change.is_wanted);
        relation := change.name;
        action := CASE WHEN change.is_wanted THEN 'watched' ELSE 'released' END;
        RETURN NEXT;
    END LOOP;
END
$$;
