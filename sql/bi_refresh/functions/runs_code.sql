-- Whether a refresh of a maintained table may run code that somebody wrote: in its definition, in what planning that folds, or on the
-- table itself.
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
    OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = target.relation AND k.contype = 'c')
    OR EXISTS (SELECT FROM pg_catalog.pg_attrdef AS d WHERE d.adrelid = target.relation)
    OR EXISTS (
        SELECT FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = target.relation AND a.attnum > 0 AND a.atttypid >= 16384
    )
    OR EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = ANY (target.relations || target.relation) AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
    )
    OR EXISTS (
        SELECT FROM pg_catalog.pg_statistic_ext AS s
        WHERE s.stxrelid = ANY (target.relations || target.relation) AND s.stxexprs IS NOT NULL
    )
$$;
