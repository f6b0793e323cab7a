-- What a view's fingerprint has to cover. As the former fingerprint has it, where nothing of that was changed since: finding it
-- out takes far longer than finding that out.
--   structure        see view_structures()
--   relations        see view_sources()
--   moments          see current_moments()
--   calls_functions  whether it calls functions that PostgreSQL cannot look into, and that are declared immutable
--   problem          why the view can never be skipped, in words; the rest is NULL then
CREATE OR REPLACE FUNCTION bi_refresh.fingerprint_scope(
    view_oid oid, former jsonb,
    OUT structure text, OUT relations oid[], OUT moments jsonb, OUT calls_functions boolean, OUT problem text
)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    calendar text[];
BEGIN
    IF former IS NOT NULL THEN
        relations := bi_refresh.covered_relations(former);
        SELECT s.structure INTO structure
        -- at least once: it may read nothing
        FROM bi_refresh.view_structures(
            pg_catalog.array_fill(view_oid, ARRAY[greatest(pg_catalog.cardinality(relations), 1)]), relations
        ) AS s;
        IF structure = former ->> 'structure' THEN
            calls_functions := former -> 'calls_functions';
            calendar := ARRAY(SELECT m.moment FROM pg_catalog.jsonb_object_keys(former -> 'moments') AS m (moment));
            moments := bi_refresh.current_moments(calendar);
            RETURN;
        END IF;
    END IF;

    SELECT
        pg_catalog.min(c.detail) FILTER (WHERE c.class NOT IN ('date', 'settings', 'unlogged', 'immutable_function')),
        coalesce(pg_catalog.bool_or(c.class = 'immutable_function'), false),
        pg_catalog.array_agg(c.detail) FILTER (WHERE c.class = 'date')
    INTO problem, calls_functions, calendar
    FROM bi_refresh.classify_views(ARRAY[view_oid]) AS c;
    IF problem IS NOT NULL THEN
        problem := 'never skipped: it ' || problem;
        structure := NULL;
        relations := NULL;
        calls_functions := NULL;
        RETURN;
    END IF;
    moments := bi_refresh.current_moments(calendar);
    relations := ARRAY(SELECT s.relation FROM bi_refresh.view_sources(ARRAY[view_oid]) AS s ORDER BY s.relation);
    SELECT s.structure INTO structure
    FROM bi_refresh.view_structures(
        pg_catalog.array_fill(view_oid, ARRAY[greatest(pg_catalog.cardinality(relations), 1)]), relations
    ) AS s;
END
$$;
