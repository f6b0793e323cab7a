-- Drops what make_dependent() made to read a relation, and has not come to stand under a view's name: the last first.
CREATE OR REPLACE FUNCTION bi_refresh.drop_dependents(relation oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unfinished text;
BEGIN
    FOR unfinished IN
        WITH RECURSIVE direct AS (
            SELECT DISTINCT c.oid AS reader, c.relname, d.refobjid AS target
            FROM pg_catalog.pg_class AS c
            INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
            INNER JOIN pg_catalog.pg_rewrite AS r ON c.oid = r.ev_class
            INNER JOIN pg_catalog.pg_depend AS d
                ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                AND r.oid = d.objid
                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                AND c.oid <> d.refobjid
            WHERE n.nspname = 'bi_refresh_incremental' AND c.relkind = 'm' AND c.relname ~ '^dependent_[0-9]+$'
        ),

        found (reader, relname, depth) AS (
            SELECT direct.reader, direct.relname, 1
            FROM direct
            WHERE direct.target = drop_dependents.relation
            UNION
            SELECT direct.reader, direct.relname, found.depth + 1
            FROM found
            INNER JOIN direct ON found.reader = direct.target
        )

        SELECT pg_catalog.format('bi_refresh_incremental.%I', found.relname)
        FROM found
        GROUP BY found.relname
        ORDER BY pg_catalog.max(found.depth) DESC
    LOOP
        EXECUTE pg_catalog.format('DROP MATERIALIZED VIEW %s', unfinished);
    END LOOP;
END
$$;
