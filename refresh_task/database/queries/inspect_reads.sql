-- What each of the given views reads: relations, functions and operators, through ordinary views and functions with a parsed body; not
-- beneath other materialized views. `reader` is the role with whose rights it is read: the owner of the view above it, unless that
-- view says security_invoker. pg_depend has no rows for what PostgreSQL itself brings.
WITH RECURSIVE uses (classid, objid, refclassid, refobjid) AS MATERIALIZED (
    SELECT DISTINCT
        'pg_class'::regclass::oid,
        r.ev_class,
        d.refclassid,
        d.refobjid
    FROM pg_rewrite AS r
    INNER JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    WHERE r.ev_type = '1' AND d.refobjid <> r.ev_class
        AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass)
    UNION ALL
    SELECT DISTINCT
        d.classid,
        d.objid,
        d.refclassid,
        d.refobjid
    FROM pg_depend AS d
    WHERE d.classid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
        AND d.refclassid IN ('pg_class'::regclass, 'pg_proc'::regclass, 'pg_operator'::regclass)
),

reached (view_oid, classid, objid, reader, above_classid, above_objid) AS (
    SELECT
        c.oid AS view_oid,
        'pg_class'::regclass::oid AS classid,
        c.oid AS objid,
        c.relowner AS reader,
        NULL::oid AS above_classid,
        NULL::oid AS above_objid
    FROM pg_class AS c
    WHERE c.oid = any(%(views)s::oid [])
    UNION -- not ALL: a cycle through functions ends here
    SELECT
        reached.view_oid,
        uses.refclassid,
        uses.refobjid,
        CASE
            WHEN above.relkind = 'v' AND (
                SELECT o.option_value::boolean
                FROM pg_options_to_table(above.reloptions) AS o
                WHERE o.option_name = 'security_invoker'
            ) THEN reached.reader
            WHEN above.oid IS NOT NULL THEN above.relowner
            WHEN body.prosecdef THEN body.proowner
            ELSE reached.reader
        END,
        reached.classid,
        reached.objid
    FROM reached
    INNER JOIN uses ON reached.classid = uses.classid AND reached.objid = uses.objid
    LEFT JOIN pg_class AS above ON reached.classid = 'pg_class'::regclass AND reached.objid = above.oid
    LEFT JOIN pg_proc AS body ON reached.classid = 'pg_proc'::regclass AND reached.objid = body.oid
    WHERE above.oid IS NULL OR above.relkind = 'v' OR above.oid = reached.view_oid
)

SELECT
    reached.view_oid,
    reached.classid = 'pg_class'::regclass AS is_relation,
    reached.classid = 'pg_proc'::regclass AS is_function,
    reached.objid AS oid,
    reached.reader AS reader_oid,
    reached.above_objid AS above_oid
FROM reached
WHERE reached.above_objid IS NOT NULL
