-- The state of each of the relations that holds rows: two equal states mean equal rows. Those of other kinds have none and are
-- left out.
--   by_touch         ask touch triggers where there are any; materialized views have none
--   may_read_tables  take the physical state of a table that triggers do not tell of
--   method           touch or physical; NULL with state
--   note             why the state is not known (NULL), or why it is physical in spite of by_touch
--   writes           the statistics' counters: rows inserted, updated, deleted
CREATE OR REPLACE FUNCTION bi_refresh.table_states(relations oid[], by_touch boolean, may_read_tables boolean)
RETURNS TABLE (relation oid, name text, method text, state text, note text, writes jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    source record;
    to_read oid[];
    written oid[];
BEGIN
    to_read := ARRAY(
        SELECT c.oid
        FROM pg_catalog.pg_class AS c
        LEFT JOIN bi_refresh.touch_states(CASE WHEN by_touch THEN relations ELSE '{}' END) AS t ON c.oid = t.relation
        WHERE c.oid = ANY (relations)
            AND (c.relkind = 'm' OR (c.relkind = 'r' AND may_read_tables AND t.state IS NULL))
            AND bi_refresh.why_not_readable(c.oid) IS NULL
    );
    PERFORM bi_refresh.lock_tables(to_read);
    written := bi_refresh.written_here(to_read);

    FOR source IN
        SELECT c.oid, c.relkind, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name, t.state, t.problem
        FROM pg_catalog.pg_class AS c
        INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
        LEFT JOIN bi_refresh.touch_states(CASE WHEN by_touch THEN relations ELSE '{}' END) AS t
            ON c.oid = t.relation AND c.relkind = 'r'
        WHERE c.oid = ANY (relations) AND c.relkind IN ('r', 'm')
        ORDER BY c.oid
    LOOP
        relation := source.oid;
        name := source.name;
        method := 'touch';
        state := source.state;
        note := source.problem;
        writes := pg_catalog.jsonb_build_array(
            pg_catalog.pg_stat_get_tuples_inserted(source.oid),
            pg_catalog.pg_stat_get_tuples_updated(source.oid),
            pg_catalog.pg_stat_get_tuples_deleted(source.oid)
        );
        IF state IS NULL THEN
            method := NULL;
            -- a materialized view is written by refreshes alone, which never use a file twice
            IF source.oid = ANY (written) AND source.relkind = 'r' THEN
                note := pg_catalog.format('this transaction itself has written to %s', name);
            ELSIF source.oid = ANY (to_read) THEN
                method := 'physical';
                state := bi_refresh.physical_state(source.oid);
            ELSE
                note := coalesce(bi_refresh.why_not_readable(source.oid), note);
            END IF;
        END IF;
        RETURN NEXT;
    END LOOP;

    PERFORM bi_refresh.require_unmoved(to_read);
END
$$;
