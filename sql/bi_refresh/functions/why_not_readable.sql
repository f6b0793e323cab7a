-- Why a table's physical state cannot be taken, in words with the remedy; NULL: it can. Planning a query folds the expressions of
-- the table's indexes and statistics as whoever plans it, here the owner of bi_refresh: the table's owner could have it run a
-- function that way. What is built in is harmless, and has no entry in pg_depend.
CREATE OR REPLACE FUNCTION bi_refresh.why_not_readable(relation oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    CASE
        WHEN NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
            THEN pg_catalog.format(
                '%1$s may not read %2$I.%3$I (GRANT USAGE ON SCHEMA %2$I TO %1$s;)', me.name, n.nspname, c.relname
            )
        WHEN NOT pg_catalog.has_table_privilege(c.oid, 'SELECT')
            THEN pg_catalog.format(
                '%1$s may not read %2$I.%3$I (GRANT SELECT ON %2$I.%3$I TO %1$s;)', me.name, n.nspname, c.relname
            )
        WHEN c.relowner <> me.oid AND EXISTS (
            SELECT FROM pg_catalog.pg_depend AS d
            WHERE d.refclassid IN (
                'pg_catalog.pg_proc'::pg_catalog.regclass,
                'pg_catalog.pg_operator'::pg_catalog.regclass,
                'pg_catalog.pg_type'::pg_catalog.regclass
            )
                AND (d.classid, d.objid) IN (
                    SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid
                    FROM pg_catalog.pg_index AS i
                    WHERE i.indrelid = c.oid AND (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL)
                    UNION ALL
                    SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, s.oid
                    FROM pg_catalog.pg_statistic_ext AS s
                    WHERE s.stxrelid = c.oid AND s.stxexprs IS NOT NULL
                )
        )
            THEN pg_catalog.format(
                'an index or statistics object on %I.%I uses a function that would run with the rights of %s when the table '
                'is read',
                n.nspname, c.relname, me.name
            )
    END
FROM pg_catalog.pg_class AS c
INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
CROSS JOIN (
    SELECT r.oid, pg_catalog.quote_ident(r.rolname) AS name
    FROM pg_catalog.pg_roles AS r
    WHERE r.rolname = current_user
) AS me
WHERE c.oid = relation
$$;
