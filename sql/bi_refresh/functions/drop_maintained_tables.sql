-- Takes away what was made for maintained tables, from the last to the first: functions, definitions, tables that
-- stand under no view's name, and what waits for them. Stages of a materialized view that was retired, and that somebody may
-- still read, go with it (see drop_retired()).
CREATE OR REPLACE FUNCTION bi_refresh.drop_maintained_tables(table_ids integer[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    PERFORM bi_refresh.drop_dependents(t.relation) FROM bi_refresh.maintained_table AS t WHERE t.id = ANY (table_ids);
    FOR statement IN
        WITH maintained AS (
            SELECT t.id, t.position, t.relation, t.definition, t.whole
            FROM bi_refresh.maintained_table AS t
            WHERE t.id = ANY (table_ids)
        )

        SELECT dropped.statement
        FROM (
            SELECT maintained.position, 1 AS number, pg_catalog.format('DROP FUNCTION %s', p.oid::pg_catalog.regprocedure) AS statement
            FROM maintained
            INNER JOIN pg_catalog.pg_proc AS p ON p.proname = pg_catalog.format('maintain_%s', maintained.id)
            INNER JOIN pg_catalog.pg_namespace AS n ON p.pronamespace = n.oid
            WHERE n.nspname IN ('bi_refresh_incremental', 'bi_refresh_as_owner')
            UNION ALL
            SELECT maintained.position, 2, pg_catalog.format('DROP VIEW %I.%I', n.nspname, c.relname)
            FROM maintained
            INNER JOIN pg_catalog.pg_class AS c ON c.oid IN (maintained.definition, maintained.whole)
            INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
            WHERE n.nspname = 'bi_refresh_incremental'
            UNION ALL
            SELECT
                maintained.position, 3,
                CASE
                    WHEN EXISTS (
                        SELECT FROM pg_catalog.pg_depend AS d
                        INNER JOIN pg_catalog.pg_rewrite AS r
                            ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
                        INNER JOIN pg_catalog.pg_class AS reader ON r.ev_class = reader.oid
                        WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
                            AND d.refobjid = c.oid
                            AND reader.relnamespace = c.relnamespace
                            AND reader.relname ~ '^retired_[0-9]+_[0-9]+$'
                    )
                        THEN pg_catalog.format(
                            'ALTER TABLE %I.%I RENAME TO retired_%s_%s',
                            n.nspname, c.relname, c.oid, pg_catalog.trunc(pg_catalog.date_part('epoch', pg_catalog.now()))
                        )
                    ELSE pg_catalog.format('DROP %s %I.%I', bi_refresh.kind_of(c.oid), n.nspname, c.relname)
                END
            FROM maintained
            INNER JOIN pg_catalog.pg_class AS c ON maintained.relation = c.oid
            INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
            WHERE n.nspname = 'bi_refresh_incremental' AND c.relname = pg_catalog.format('table_%s', maintained.id)
            UNION ALL
            SELECT
                maintained.position, 4,
                pg_catalog.format(
                    'DELETE FROM bi_refresh_incremental.%I WHERE bi_refresh_table = %s', c.relname, maintained.id
                )
            FROM maintained
            INNER JOIN bi_refresh.maintained_source AS s ON maintained.id = s.table_id
            INNER JOIN pg_catalog.pg_class AS c ON c.relname = pg_catalog.format('pending_%s', s.capture_id)
            INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
            WHERE n.nspname = 'bi_refresh_incremental'
        ) AS dropped
        ORDER BY dropped.position DESC, dropped.number
    LOOP
        EXECUTE statement;
    END LOOP;
    DELETE FROM bi_refresh.maintained_table AS t WHERE t.id = ANY (table_ids);
END
$$;
