-- What would keep a relation, its columns or its row type from being dropped, apart from its own parts: so what has
-- to be taken along when another relation takes its name. One row per object and relation; a `problem`, in words, is why
-- that object cannot be taken along.
--   kind   view, function: made anew with their own text, and so bound to the new relation; materialized view: built beside,
--          and swapped along; other: nothing that could be
-- Only catalogs, so that it can be run where Vistafresca is not installed. $1: the relation, and the materialized views that
-- are swapped along with it (see rebuilt_views()).
CREATE OR REPLACE FUNCTION bi_refresh.relation_dependents(relations oid[])
RETURNS TABLE (relation oid, kind text, classid oid, objid oid, name text, problem text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE target AS (
    SELECT
        c.oid,
        c.relowner,
        c.reltype,
        t.typarray,
        pg_catalog.format('%I.%I', n.nspname, c.relname) AS name,
        -- in a sentence about the first
        CASE WHEN c.oid = $1[1] THEN 'it' ELSE pg_catalog.format('%I.%I', n.nspname, c.relname) END AS short_name,
        CASE
            WHEN c.oid = $1[1] THEN 'its row type'
            ELSE pg_catalog.format('the row type of %I.%I', n.nspname, c.relname)
        END AS type_name
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
        target.short_name,
        target.type_name,
        described.relation,
        described.classid,
        -- a view stands for the rule that is its query
        CASE WHEN reader.relkind IN ('v', 'm') AND rule.ev_type = '1' THEN described.classid END AS rule_class,
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
        -- of ours; and what stood under a name before, or is being built for one
        coalesce(
            rule.ev_class = described.relation
            OR (
                reader.relkind = 'm'
                AND reader.relnamespace = pg_catalog.to_regnamespace('bi_refresh_incremental')
                AND reader.relname ~ '^(dependent_[0-9]+|retired_[0-9]+_[0-9]+)$'
            )
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
),

-- what materialized views that read it read besides: through ordinary views, and functions with a parsed body
reads AS (
    SELECT
        'pg_catalog.pg_class'::pg_catalog.regclass::oid AS classid, c.oid AS objid, c.relkind, d.refclassid, d.refobjid
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_rewrite AS r ON c.oid = r.ev_class AND r.ev_type = '1'
    INNER JOIN pg_catalog.pg_depend AS d
        ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid AND d.refobjid <> c.oid
    UNION
    SELECT d.classid, d.objid, NULL, d.refclassid, d.refobjid
    FROM pg_catalog.pg_depend AS d
    WHERE d.classid IN ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
),

passed (reader, through_class, through, classid, objid) AS (
    SELECT known.reader, reads.refclassid, reads.refobjid, reads.refclassid, reads.refobjid
    FROM known
    INNER JOIN reads
        ON reads.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND known.reader = reads.objid
    WHERE known.relkind = 'm' AND NOT known.is_own AND reads.refobjid <> ALL ($1)
    UNION
    SELECT passed.reader, passed.through_class, passed.through, reads.refclassid, reads.refobjid
    FROM passed
    INNER JOIN reads ON passed.classid = reads.classid AND passed.objid = reads.objid
    -- a further materialized view has rows of its own
    WHERE reads.relkind IS DISTINCT FROM 'm'
)

SELECT DISTINCT
    known.relation,
    CASE
        WHEN known.rule_class IS NOT NULL THEN CASE known.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END
        WHEN known.proowner IS NOT NULL THEN 'function'
        ELSE 'other'
    END,
    CASE WHEN known.reader IS NOT NULL THEN 'pg_catalog.pg_class'::pg_catalog.regclass::oid ELSE known.classid END,
    coalesce(known.reader, known.objid),
    said.name,
    CASE
        WHEN known.is_extension THEN pg_catalog.format('%s belongs to the %s', known.target_name, said.name)
        WHEN known.relkind = 'm' AND known.reader <> ALL ($1)
            THEN pg_catalog.format('the materialized view %s reads %s', said.name, known.short_name)
        -- it is that relation's number, which no other name in the query's text would exchange
        WHEN known.relkind = 'm' AND pg_catalog.strpos(pg_catalog.pg_get_viewdef(known.reader), said.constant) > 0
            THEN pg_catalog.format(
                'the materialized view %s has %s as a constant, %s, where to_regclass(%L) would do',
                said.name, known.short_name, said.constant, known.target_name
            )
        WHEN known.relkind = 'm' AND known.through IS NOT NULL
            THEN pg_catalog.format(
                'the materialized view %s reads %s by itself and through the %s', said.name, known.short_name, known.through
            )
        WHEN known.relkind = 'v' AND known.ev_type <> '1'
            THEN pg_catalog.format('a rule on the view %s reads %s', said.name, known.short_name)
        WHEN known.relkind IS NOT NULL AND known.relkind NOT IN ('v', 'm')
            THEN pg_catalog.format('a rule on %s reads %s', said.name, known.short_name)
        WHEN known.relpersistence = 't'
            THEN pg_catalog.format('the temporary view %s of some session reads %s', said.name, known.short_name)
        WHEN known.proowner IS NOT NULL AND known.has_row_type
            THEN pg_catalog.format('the %s takes or returns %s', said.name, known.type_name)
        WHEN known.rule_class IS NULL AND known.proowner IS NULL AND known.uses_type
            THEN pg_catalog.format('%s uses %s', said.name, known.type_name)
        WHEN known.rule_class IS NULL AND known.proowner IS NULL
            THEN pg_catalog.format('%s depends on %s', said.name, known.short_name)
        WHEN NOT pg_catalog.pg_has_role(coalesce(known.relowner, known.proowner), 'USAGE')
            THEN pg_catalog.format(
                '%s reads %s and belongs to %I, of which %I is not a member',
                said.name, known.short_name, pg_catalog.pg_get_userbyid(coalesce(known.relowner, known.proowner)), current_user
            )
        WHEN NOT pg_catalog.has_schema_privilege(coalesce(known.relnamespace, known.pronamespace), 'CREATE')
            THEN pg_catalog.format('%s reads %s, and %I may not create in its schema', said.name, known.short_name, current_user)
    END
FROM (
    SELECT
        k.*,
        (
            SELECT pg_catalog.min(pg_catalog.pg_describe_object(p.through_class, p.through, 0))
            FROM passed AS p
            WHERE k.relkind = 'm' AND p.reader = k.reader
                AND p.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND p.objid = ANY ($1)
        ) AS through
    FROM known AS k
) AS known
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
        END AS name,
        pg_catalog.format('%L::regclass', known.target_name) AS constant
) AS said
WHERE NOT known.is_own
$$;
