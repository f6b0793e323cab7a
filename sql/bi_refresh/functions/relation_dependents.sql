-- What would keep a relation, its columns or its row type from being dropped, apart from its own parts: so what has
-- to be taken along when another relation takes its name. One row per object; a `problem`, in words, is why that
-- object cannot be taken along.
--   kind   view, function: made anew with their own text, and so bound to the new relation; other: nothing that could be
-- Only catalogs, so that it can be run where Vistafresca is not installed. $1: the relations.
CREATE OR REPLACE FUNCTION bi_refresh.relation_dependents(relations oid[])
RETURNS TABLE (relation oid, kind text, classid oid, objid oid, name text, problem text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH target AS (
    SELECT c.oid, c.relowner, c.reltype, t.typarray, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    LEFT JOIN pg_catalog.pg_type AS t ON c.reltype = t.oid
    WHERE c.oid = ANY ($1)
),

-- whatever depends on it, on its row type or on the type of arrays of its rows
referring AS (
    SELECT target.oid AS relation, d.classid, d.objid, d.objsubid, d.deptype, false AS uses_type
    FROM target
    INNER JOIN pg_catalog.pg_depend AS d
        ON d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = target.oid
    UNION ALL
    SELECT target.oid, d.classid, d.objid, d.objsubid, d.deptype, true
    FROM target
    INNER JOIN pg_catalog.pg_depend AS d
        ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid IN (target.reltype, target.typarray)
    UNION ALL
    -- what it belongs to
    SELECT target.oid, d.refclassid, d.refobjid, d.refobjsubid, d.deptype, false
    FROM target
    INNER JOIN pg_catalog.pg_depend AS d
        ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = target.oid AND d.deptype IN ('e', 'x')
),

described AS (
    SELECT
        referring.relation,
        referring.classid,
        referring.objid,
        pg_catalog.bool_or(referring.uses_type) AS uses_type,
        pg_catalog.bool_or(referring.deptype IN ('e', 'x')) AS is_extension,
        pg_catalog.min(referring.objsubid) AS objsubid
    FROM referring
    GROUP BY referring.relation, referring.classid, referring.objid
),

known AS (
    SELECT
        target.name AS target_name,
        described.relation,
        described.classid,
        -- a view stands for the rule that is its query
        CASE WHEN reader.relkind = 'v' AND rule.ev_type = '1' THEN described.classid END AS rule_class,
        described.objid,
        described.objsubid,
        described.uses_type,
        described.is_extension,
        rule.ev_type,
        reader.oid AS reader,
        reader.relkind,
        reader.relpersistence,
        reader.relowner,
        reader.relnamespace,
        function.proowner,
        function.pronamespace,
        -- its own parts go with it, and are made for the new one: rule, types, indexes, statistics, toast, triggers
        -- of ours
        coalesce(
            rule.ev_class = described.relation
            OR own_type.oid IS NOT NULL
            OR own_index.indrelid IS NOT NULL
            OR own_statistics.oid IS NOT NULL
            OR own_trigger.oid IS NOT NULL
            OR toast.oid IS NOT NULL
            -- a column's NOT NULL, from PostgreSQL 18 on
            OR (own_constraint.conrelid = described.relation AND own_constraint.contype = 'n'), false
        ) AS is_own,
        coalesce(
            function.prorettype IN (target.reltype, target.typarray)
            OR target.reltype = ANY (function.proargtypes::oid[] || coalesce(function.proallargtypes, '{}'))
            OR target.typarray = ANY (function.proargtypes::oid[] || coalesce(function.proallargtypes, '{}'))
            OR function.prolang <> (SELECT l.oid FROM pg_catalog.pg_language AS l WHERE l.lanname = 'sql')
            OR function.proretset AND function.prorettype = target.reltype, false
        ) AS has_row_type
    FROM described
    INNER JOIN target ON described.relation = target.oid
    LEFT JOIN pg_catalog.pg_rewrite AS rule
        ON described.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND described.objid = rule.oid
    LEFT JOIN pg_catalog.pg_class AS reader ON rule.ev_class = reader.oid
    LEFT JOIN pg_catalog.pg_proc AS function
        ON described.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND described.objid = function.oid
    LEFT JOIN pg_catalog.pg_type AS own_type
        ON described.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
        AND described.objid = own_type.oid
        AND own_type.oid IN (target.reltype, target.typarray)
    LEFT JOIN pg_catalog.pg_index AS own_index
        ON described.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        AND described.objid = own_index.indexrelid
        AND own_index.indrelid = described.relation
    LEFT JOIN pg_catalog.pg_class AS toast
        ON described.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND described.objid = toast.oid AND toast.relkind = 't'
    LEFT JOIN pg_catalog.pg_statistic_ext AS own_statistics
        ON described.classid = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass
        AND described.objid = own_statistics.oid
        AND own_statistics.stxrelid = described.relation
    LEFT JOIN pg_catalog.pg_trigger AS own_trigger
        ON described.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass
        AND described.objid = own_trigger.oid
        AND own_trigger.tgrelid = described.relation
        AND EXISTS (
            SELECT FROM pg_catalog.pg_proc AS p
            INNER JOIN pg_catalog.pg_namespace AS n ON p.pronamespace = n.oid
            WHERE p.oid = own_trigger.tgfoid AND n.nspname IN ('bi_refresh', 'bi_refresh_incremental')
        )
    LEFT JOIN pg_catalog.pg_constraint AS own_constraint
        ON described.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND described.objid = own_constraint.oid
)

SELECT DISTINCT
    known.relation,
    CASE
        WHEN known.rule_class IS NOT NULL THEN 'view'
        WHEN known.proowner IS NOT NULL THEN 'function'
        ELSE 'other'
    END,
    CASE WHEN known.reader IS NOT NULL THEN 'pg_catalog.pg_class'::pg_catalog.regclass::oid ELSE known.classid END,
    coalesce(known.reader, known.objid),
    said.name,
    CASE
        WHEN known.is_extension THEN pg_catalog.format('%s belongs to the %s', known.target_name, said.name)
        WHEN known.relkind = 'm' THEN pg_catalog.format('the materialized view %s reads it', said.name)
        WHEN known.relkind = 'v' AND known.ev_type <> '1' THEN pg_catalog.format('a rule on the view %s reads it', said.name)
        WHEN known.relkind IS NOT NULL AND known.relkind <> 'v' THEN pg_catalog.format('a rule on %s reads it', said.name)
        WHEN known.relpersistence = 't' THEN pg_catalog.format('the temporary view %s of some session reads it', said.name)
        WHEN known.proowner IS NOT NULL AND known.has_row_type
            THEN pg_catalog.format('the %s takes or returns its row type', said.name)
        WHEN known.rule_class IS NULL AND known.proowner IS NULL
            THEN pg_catalog.format(CASE WHEN known.uses_type THEN '%s uses its row type' ELSE '%s depends on it' END, said.name)
        WHEN NOT pg_catalog.pg_has_role(coalesce(known.relowner, known.proowner), 'USAGE')
            THEN pg_catalog.format(
                '%s reads it and belongs to %I, of which %I is not a member',
                said.name, pg_catalog.pg_get_userbyid(coalesce(known.relowner, known.proowner)), current_user
            )
        WHEN NOT pg_catalog.has_schema_privilege(coalesce(known.relnamespace, known.pronamespace), 'CREATE')
            THEN pg_catalog.format('%s reads it, and %I may not create in its schema', said.name, current_user)
    END
FROM known
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN known.reader IS NOT NULL THEN (
                SELECT pg_catalog.format('%I.%I', n.nspname, c.relname)
                FROM pg_catalog.pg_class AS c
                INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
                WHERE c.oid = known.reader
            )
            ELSE pg_catalog.pg_describe_object(known.classid, known.objid, known.objsubid)
        END AS name
) AS said
WHERE NOT known.is_own
$$;
