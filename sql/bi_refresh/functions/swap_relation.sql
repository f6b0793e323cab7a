-- Puts another relation in the place of a managed view's, or raises 55P03 and has changed nothing: then some of the
-- locks were not to be had within `budget`, and it is to be tried again.
--
-- Readers of the view wait for all this time, and see the one relation or the other. A reader that holds one of the
-- relations and waits for another, while we hold that one and wait for the first, would be ended by PostgreSQL after
-- deadlock_timeout: so the time from our first lock to our last stays well below it, and it is we who give way. What
-- reads the view is locked before it, as its readers do.
CREATE OR REPLACE FUNCTION bi_refresh.swap_relation(
    view_name text, successor oid, budget interval, more_rights jsonb DEFAULT '[]'
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view_lock CONSTANT integer := 1447449157; -- as in refresh_view()
    former CONSTANT oid := bi_refresh.view_oid(view_name);
    dependents oid[];
    statements text[];
    problems text;
    until_at timestamptz;
    dependent oid;
BEGIN
    -- a refresh would find a relation of another kind at its end
    IF NOT pg_catalog.pg_try_advisory_xact_lock(view_lock, former::integer) THEN
        RAISE EXCEPTION 'another session is refreshing %', view_name USING ERRCODE = 'lock_not_available';
    END IF;
    SELECT
        pg_catalog.string_agg(d.problem, '; '),
        -- what reads others comes before them: it is the newer one
        coalesce(pg_catalog.array_agg(d.objid ORDER BY d.objid DESC) FILTER (WHERE d.kind = 'view'), '{}'),
        coalesce(
            pg_catalog.array_agg(bi_refresh.dependent_statement(d.kind, d.objid) ORDER BY d.objid)
            FILTER (WHERE d.problem IS NULL), '{}'
        )
    INTO problems, dependents, statements
    FROM bi_refresh.relation_dependents(ARRAY[former]) AS d;
    IF problems IS NOT NULL THEN
        RAISE EXCEPTION '% cannot be replaced: %', view_name, problems USING ERRCODE = 'dependent_objects_still_exist';
    END IF;

    PERFORM bi_refresh.lock_exclusively(successor, pg_catalog.clock_timestamp() + budget); -- nobody reads it
    until_at := pg_catalog.clock_timestamp() + budget;
    FOREACH dependent IN ARRAY dependents LOOP
        PERFORM bi_refresh.lock_exclusively(dependent, until_at);
    END LOOP;
    PERFORM bi_refresh.lock_exclusively(former, until_at);

    -- a text read before the lock may be an older one
    IF statements <> (
        SELECT coalesce(pg_catalog.array_agg(bi_refresh.dependent_statement(d.kind, d.objid) ORDER BY d.objid), '{}')
        FROM bi_refresh.relation_dependents(ARRAY[former]) AS d
    ) THEN
        RAISE EXCEPTION 'what reads % has changed at this moment', view_name USING ERRCODE = 'lock_not_available';
    END IF;
    PERFORM pg_catalog.set_config('lock_timeout', '100ms', true); -- of a TOAST table, which autovacuum may have
    PERFORM bi_refresh.take_name(former, successor, statements, more_rights);

    UPDATE bi_refresh.view_state AS s
    SET view_oid = successor, fingerprint = NULL
    WHERE s.view_name = swap_relation.view_name AND s.view_oid = former;
END
$$;
