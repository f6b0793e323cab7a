-- Takes the fingerprint of a view: what a refresh under the same snapshot makes its contents from. Only for REPEATABLE READ and
-- SERIALIZABLE transactions. NULL, with the problem in words, where it cannot be taken.
CREATE OR REPLACE FUNCTION bi_refresh.take_fingerprint(
    view_oid oid, change_detection text, former jsonb, OUT fingerprint jsonb, OUT problem text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    scope record;
    tables jsonb;
BEGIN
    scope := bi_refresh.fingerprint_scope(view_oid, former);
    IF scope.problem IS NOT NULL THEN
        problem := scope.problem;
        RETURN;
    END IF;

    SELECT
        coalesce(pg_catalog.jsonb_object_agg(t.relation, pg_catalog.to_jsonb(t) - 'relation'), '{}'),
        'not known whether anything changed: ' || pg_catalog.string_agg(t.note, '; ') FILTER (WHERE t.state IS NULL)
    INTO tables, problem
    FROM bi_refresh.table_states(scope.relations, change_detection = 'touch', true) AS t;
    IF problem IS NULL THEN
        fingerprint := bi_refresh.assemble_fingerprint(
            view_oid, scope.structure, scope.relations, scope.moments, scope.calls_functions, tables
        );
    END IF;
END
$$;
