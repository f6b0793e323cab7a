-- Looks anew at what a maintained table's definition reads and depends on, after its structure was found changed, and keeps what
-- it reads. `problem`, in words, is why it cannot be refreshed incrementally as things are; NULL: it can, from its next refresh on.
CREATE OR REPLACE FUNCTION bi_refresh.examine_table(
    table_id integer, OUT structure text, OUT moments jsonb, OUT problem text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target bi_refresh.maintained_table;
    calendar text[];
    uses_time boolean;
BEGIN
    UPDATE bi_refresh.maintained_table AS m
    SET relations = ARRAY(
        SELECT DISTINCT s.relation
        FROM bi_refresh.view_sources(
            pg_catalog.array_remove(
                ARRAY[coalesce(m.definition, m.relation), CASE WHEN m.whole_digest IS NOT NULL THEN m.whole END], NULL
            )
        ) AS s
        ORDER BY s.relation
    )
    WHERE m.id = table_id
    RETURNING m.* INTO STRICT target;

    UPDATE bi_refresh.maintained_table AS m
    SET uses_code = EXISTS (
        SELECT FROM pg_catalog.pg_rewrite AS r
        INNER JOIN pg_catalog.pg_depend AS d ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
        WHERE r.ev_class = ANY (target.relations || coalesce(target.definition, target.relation))
            -- what is built in is not recorded
            AND d.refclassid <> 'pg_catalog.pg_class'::pg_catalog.regclass
            AND d.refclassid <> 'pg_catalog.pg_constraint'::pg_catalog.regclass
    )
    OR EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = ANY (target.relations) AND a.attnum > 0 AND a.atttypid >= 16384
    )
    WHERE m.id = target.id;

    SELECT
        pg_catalog.min(c.detail) FILTER (WHERE c.class NOT IN ('date', 'time', 'settings', 'immutable_function')),
        pg_catalog.array_agg(c.detail) FILTER (WHERE c.class = 'date'),
        coalesce(pg_catalog.bool_or(c.class = 'time'), false)
    INTO problem, calendar, uses_time
    FROM bi_refresh.classify_views(ARRAY[coalesce(target.definition, target.relation)]) AS c;
    moments := bi_refresh.current_moments(calendar)
        || CASE WHEN uses_time THEN pg_catalog.jsonb_build_object('the time', pg_catalog.now()) ELSE '{}' END;
    problem := 'it ' || problem;

    IF problem IS NULL THEN
        SELECT pg_catalog.string_agg(p.problem, '; ' ORDER BY p.capture_id) INTO problem
        FROM bi_refresh.capture_problems(ARRAY(
            SELECT s.capture_id FROM bi_refresh.maintained_source AS s WHERE s.table_id = target.id
        )) AS p;
    END IF;
    IF problem IS NULL AND target.kind = 'linear' THEN
        -- The first child of a table is seen by its row of pg_class, which is another then. Those that come and go after it are not.
        SELECT pg_catalog.format(
            'tables inherit from %s, or did when it was last analyzed, and rows come and go with them: ANALYZE it when they are gone',
            pg_catalog.min(c.oid::pg_catalog.regclass::text)
        )
        INTO problem
        FROM bi_refresh.maintained_source AS s
        INNER JOIN bi_refresh.captured_table AS t ON s.capture_id = t.id
        INNER JOIN pg_catalog.pg_class AS c ON t.relation = c.oid
        WHERE s.table_id = target.id AND c.relhassubclass
        HAVING pg_catalog.count(*) > 0;
    END IF;
    IF problem IS NULL AND bi_refresh.proof_holds(target.view_name) IS NOT true THEN
        problem := 'its definition or a table that it reads was changed, and it is to be proved again';
    END IF;
    SELECT s.structure INTO structure
    FROM bi_refresh.maintained_structures(ARRAY[target.view_name]) AS s
    WHERE s.table_id = target.id;
END
$$;
