-- Gives a relation the comments and security labels of another one and of its columns.
CREATE OR REPLACE FUNCTION bi_refresh.copy_descriptions(source oid, target oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    change text;
BEGIN
    FOR change IN
        WITH part AS (
            SELECT
                0 AS number,
                pg_catalog.format(
                    '%s %s', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, c.oid::pg_catalog.regclass
                ) AS name
            FROM pg_catalog.pg_class AS c
            WHERE c.oid = target
            UNION ALL
            SELECT described.attnum, pg_catalog.format('COLUMN %s.%I', target::pg_catalog.regclass, a.attname)
            FROM pg_catalog.pg_attribute AS a
            INNER JOIN pg_catalog.pg_attribute AS described
                ON described.attrelid = source AND a.attname = described.attname AND NOT described.attisdropped
            WHERE a.attrelid = target AND a.attnum > 0 AND NOT a.attisdropped
        )

        SELECT pg_catalog.format('COMMENT ON %s IS %L', part.name, d.description)
        FROM part
        INNER JOIN pg_catalog.pg_description AS d
            ON d.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objoid = source AND part.number = d.objsubid
        UNION ALL
        SELECT pg_catalog.format('SECURITY LABEL FOR %I ON %s IS %L', l.provider, part.name, l.label)
        FROM part
        INNER JOIN pg_catalog.pg_seclabel AS l
            ON l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass AND l.objoid = source AND part.number = l.objsubid
    LOOP
        EXECUTE change;
    END LOOP;
END
$$;
