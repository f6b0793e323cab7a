-- Every function, type, operator, cast, conversion and collation that somebody made in this database,
-- by the transaction that last changed it. All of them, because a function's body does not tell which others it calls. Not those
-- of bi_refresh, which each migrate creates anew, those that it makes for incremental refresh, nor temporary ones.
CREATE OR REPLACE FUNCTION bi_refresh.code_digest()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.concat_ws(':', pg_catalog.count(*), pg_catalog.sum(pg_catalog.hash_record_extended(
    ROW(changed.catalog, changed.oid, changed.number, changed.xmin), 0
)))
FROM (
    SELECT 1 AS catalog, p.oid, 0 AS number, p.xmin
    FROM pg_catalog.pg_proc AS p
    INNER JOIN pg_catalog.pg_namespace AS n ON p.pronamespace = n.oid
    WHERE p.oid >= 16384 AND n.nspname NOT IN ('bi_refresh', 'bi_refresh_incremental', 'bi_refresh_as_owner')
        AND n.nspname !~ '^pg_(temp|toast_temp)_'
    UNION ALL
    SELECT 2, t.oid, 0, t.xmin
    FROM pg_catalog.pg_type AS t
    -- neither the row types of tables, which come and go with them, nor arrays
    WHERE t.oid >= 16384 AND t.typrelid = 0 AND t.typtype <> 'p' AND t.typcategory <> 'A'
    UNION ALL
    SELECT 3, e.oid, 0, e.xmin FROM pg_catalog.pg_enum AS e
    UNION ALL
    SELECT 4, c.oid, 0, c.xmin FROM pg_catalog.pg_constraint AS c WHERE c.contypid <> 0
    UNION ALL
    SELECT 5, o.oid, 0, o.xmin FROM pg_catalog.pg_operator AS o WHERE o.oid >= 16384
    UNION ALL
    SELECT 6, c.oid, 0, c.xmin FROM pg_catalog.pg_cast AS c WHERE c.oid >= 16384
    UNION ALL
    SELECT 7, c.oid, 0, c.xmin FROM pg_catalog.pg_conversion AS c WHERE c.oid >= 16384
    UNION ALL
    SELECT 8, c.oid, 0, c.xmin FROM pg_catalog.pg_collation AS c WHERE c.oid >= 16384
    UNION ALL
    -- composite types, and the row types of tables and views that something has taken for a type
    SELECT 9, a.attrelid, a.attnum, a.xmin
    FROM pg_catalog.pg_attribute AS a
    WHERE a.attnum > 0 AND a.attrelid IN (
        SELECT t.typrelid
        FROM pg_catalog.pg_depend AS d
        INNER JOIN pg_catalog.pg_type AS used ON d.refobjid = used.oid
        INNER JOIN pg_catalog.pg_type AS t ON t.oid IN (used.oid, used.typelem) AND t.typrelid <> 0
        WHERE d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid >= 16384
            -- every row type has its array
            AND d.deptype <> 'i'
    )
) AS changed
$$;
