-- Whether a refresh of a maintained table may run code that somebody wrote: in its definition, in what planning that folds, or on the
-- table itself. What is built in has no entry in pg_depend.
CREATE OR REPLACE FUNCTION bi_refresh.runs_code(target bi_refresh.maintained_table)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT target.uses_code
    OR target.relations IS NULL
    OR EXISTS (
        SELECT FROM pg_catalog.pg_trigger AS g
        INNER JOIN pg_catalog.pg_proc AS p ON g.tgfoid = p.oid
        WHERE g.tgrelid = target.relation
            AND p.pronamespace <> ALL (ARRAY[
                'bi_refresh'::pg_catalog.regnamespace, 'bi_refresh_incremental'::pg_catalog.regnamespace
            ]::oid[])
    )
    OR EXISTS (SELECT FROM pg_catalog.pg_rewrite AS r WHERE r.ev_class = target.relation)
    OR EXISTS (SELECT FROM pg_catalog.pg_policy AS p WHERE p.polrelid = target.relation)
    OR EXISTS (
        SELECT FROM (
            SELECT 'pg_catalog.pg_class'::pg_catalog.regclass AS catalog, r.oid
            FROM pg_catalog.unnest(target.relations || target.relation) AS r (oid)
            UNION ALL
            SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid
            FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = ANY (target.relations || target.relation)
            UNION ALL
            SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid
            FROM pg_catalog.pg_constraint AS k
            WHERE k.conrelid = ANY (target.relations || target.relation)
            UNION ALL
            SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid
            FROM pg_catalog.pg_statistic_ext AS s
            WHERE s.stxrelid = ANY (target.relations || target.relation)
            UNION ALL
            SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, d.oid
            FROM pg_catalog.pg_attrdef AS d
            WHERE d.adrelid = target.relation
        ) AS made (catalog, oid)
        INNER JOIN pg_catalog.pg_depend AS d ON made.catalog = d.classid AND made.oid = d.objid
        WHERE d.refclassid IN (
            'pg_catalog.pg_proc'::pg_catalog.regclass,
            'pg_catalog.pg_operator'::pg_catalog.regclass,
            'pg_catalog.pg_type'::pg_catalog.regclass
        )
    )
$$;
