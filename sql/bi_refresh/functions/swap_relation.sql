-- Puts another relation in the place of a managed view's, or raises 55P03 and has changed nothing: then some of the
-- locks were not to be had within `budget`, and it is to be tried again; or 40001: then what reads the view is not what was
-- built beside, which is to be done again.
--   taken_along   the materialized views that are swapped along, see swap_dependents()
--
-- Readers of the view wait for all this time, and see the one relation or the other. A reader that holds one of the
-- relations and waits for another, while we hold that one and wait for the first, would be ended by PostgreSQL after
-- deadlock_timeout: so the time from our first lock to our last stays well below it, and it is we who give way. What
-- reads the view is locked before it, as its readers do.
CREATE OR REPLACE FUNCTION bi_refresh.swap_relation(
    view_name text, successor oid, budget interval, taken_along jsonb, more_rights jsonb DEFAULT '[]'
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view_lock CONSTANT integer := 1447449157; -- as in refresh_view()
    former CONSTANT oid := bi_refresh.view_oid(view_name);
    -- the view, what reads it, what reads that
    formers CONSTANT oid[] := former || ARRAY(SELECT r.relation FROM bi_refresh.rebuilt_views(ARRAY[former]) AS r);
    readers oid[];
    statements text[];
    problems text;
    changes text;
    until_at timestamptz;
    locked oid;
    statement text;
BEGIN
    FOREACH locked IN ARRAY formers LOOP
        -- a refresh would find a relation of another kind at its end
        IF NOT pg_catalog.pg_try_advisory_xact_lock(view_lock, locked::integer) THEN
            RAISE EXCEPTION 'another session is refreshing %', locked::pg_catalog.regclass
            USING ERRCODE = 'lock_not_available';
        END IF;
    END LOOP;
    SELECT
        pg_catalog.string_agg(d.problem, '; '),
        -- what reads others comes before them: it is the newer one
        coalesce(pg_catalog.array_agg(DISTINCT d.objid ORDER BY d.objid DESC) FILTER (WHERE d.kind = 'view'), '{}')
    INTO problems, readers
    FROM bi_refresh.relation_dependents(formers) AS d;
    IF problems IS NOT NULL THEN
        RAISE EXCEPTION '% cannot be replaced: %', view_name, problems USING ERRCODE = 'dependent_objects_still_exist';
    END IF;
    statements := bi_refresh.binding_statements(formers);

    -- nobody reads these
    PERFORM bi_refresh.lock_exclusively(built.relation, pg_catalog.clock_timestamp() + budget)
    FROM (
        SELECT successor AS relation
        UNION ALL
        SELECT t.successor FROM pg_catalog.jsonb_to_recordset(taken_along) AS t (successor oid)
    ) AS built;
    until_at := pg_catalog.clock_timestamp() + budget;
    FOREACH locked IN ARRAY readers LOOP
        PERFORM bi_refresh.lock_exclusively(locked, until_at);
    END LOOP;
    FOR number IN REVERSE pg_catalog.cardinality(formers)..1 LOOP
        PERFORM bi_refresh.lock_exclusively(formers[number], until_at);
    END LOOP;

    -- what was read before the locks may be older
    changes := bi_refresh.changes_of_dependents(former, taken_along);
    IF statements <> bi_refresh.binding_statements(formers) THEN
        changes := pg_catalog.concat_ws(', ', changes, 'ordinary views were altered');
    END IF;
    IF changes IS NOT NULL THEN
        RAISE EXCEPTION 'of what reads %, while successors were built: %', view_name, changes
        USING ERRCODE = 'serialization_failure';
    END IF;
    PERFORM pg_catalog.set_config('lock_timeout', '100ms', true); -- of a TOAST table, which autovacuum may have
    PERFORM bi_refresh.take_name(former, successor, more_rights);
    PERFORM bi_refresh.swap_dependents(taken_along);
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
    SELECT pg_catalog.string_agg(d.name, ', ') INTO problems FROM bi_refresh.relation_dependents(formers) AS d;
    IF problems IS NOT NULL THEN
        RAISE EXCEPTION 'still bound to what was in the place of %: %', view_name, problems
        USING ERRCODE = 'dependent_objects_still_exist';
    END IF;

    UPDATE bi_refresh.view_state AS s
    SET view_oid = successor, fingerprint = NULL
    WHERE s.view_name = swap_relation.view_name AND s.view_oid = former;
END
$$;
