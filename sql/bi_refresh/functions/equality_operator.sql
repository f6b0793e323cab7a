-- The operator by which values of a type are equal for indexes and DISTINCT, as SQL text that needs no search_path: a type of an
-- extension brings its own, which is not in pg_catalog.
CREATE OR REPLACE FUNCTION bi_refresh.equality_operator(type oid)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF type < 16384 THEN -- PostgreSQL's own; asked for every column of every comparison
        RETURN 'OPERATOR(pg_catalog.=)';
    END IF;
    RETURN (
        WITH RECURSIVE base (oid, typtype, typbasetype) AS (
            SELECT t.oid, t.typtype, t.typbasetype FROM pg_catalog.pg_type AS t WHERE t.oid = $1
            UNION ALL
            SELECT t.oid, t.typtype, t.typbasetype
            FROM base
            INNER JOIN pg_catalog.pg_type AS t ON base.typbasetype = t.oid
            WHERE base.typtype = 'd'
        )

        SELECT coalesce(
            (
                SELECT pg_catalog.format('OPERATOR(%I.%s)', n.nspname, o.oprname)
                FROM base
                INNER JOIN pg_catalog.pg_opclass AS c ON base.oid = c.opcintype AND c.opcdefault
                INNER JOIN pg_catalog.pg_am AS a ON c.opcmethod = a.oid AND a.amname IN ('btree', 'hash')
                INNER JOIN pg_catalog.pg_amop AS s
                    ON c.opcfamily = s.amopfamily
                        AND c.opcintype = s.amoplefttype
                        AND c.opcintype = s.amoprighttype
                        AND s.amopstrategy = CASE a.amname WHEN 'btree' THEN 3 ELSE 1 END
                INNER JOIN pg_catalog.pg_operator AS o ON s.amopopr = o.oid
                INNER JOIN pg_catalog.pg_namespace AS n ON o.oprnamespace = n.oid
                WHERE base.oid >= 16384
                ORDER BY a.amname
                LIMIT 1
            ),
            'OPERATOR(pg_catalog.=)'
        )
    );
END
$$;
