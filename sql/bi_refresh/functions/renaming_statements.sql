-- What gives a relation's name, schema, and the names of its indexes and statistics to its successor, in order: first
-- what is in the way of the names, then the names, then the comments that go with them. The former one is
-- bi_refresh_incremental.retired_<OID>_<seconds since 1970> then.
CREATE OR REPLACE FUNCTION bi_refresh.renaming_statements(former oid, successor oid)
RETURNS text[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH place AS (
    SELECT
        pg_catalog.quote_ident(n.nspname) AS schema_name,
        pg_catalog.quote_ident(c.relname) AS own_name,
        bi_refresh.kind_of(former) AS former_kind,
        bi_refresh.kind_of(successor) AS kind
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    WHERE c.oid = former
),

own_index AS (
    SELECT
        i.indexrelid AS oid,
        c.relname AS name,
        copied.relname AS copy_name,
        pg_catalog.obj_description(i.indexrelid, 'pg_class') AS description
    FROM pg_catalog.pg_index AS i
    INNER JOIN pg_catalog.pg_class AS c ON i.indexrelid = c.oid
    LEFT JOIN (
        SELECT copy_class.relname
        FROM pg_catalog.pg_index AS own
        INNER JOIN pg_catalog.pg_class AS copy_class ON own.indexrelid = copy_class.oid
        WHERE own.indrelid = successor
    ) AS copied ON copied.relname = pg_catalog.format('index_%s', i.indexrelid)
    WHERE i.indrelid = former
),

own_statistics AS (
    SELECT
        s.oid,
        s.stxname AS name,
        pg_catalog.quote_ident(n.nspname) AS schema_name,
        copied.stxname AS copy_name,
        pg_catalog.obj_description(s.oid, 'pg_statistic_ext') AS description
    FROM pg_catalog.pg_statistic_ext AS s
    INNER JOIN pg_catalog.pg_namespace AS n ON s.stxnamespace = n.oid
    LEFT JOIN pg_catalog.pg_statistic_ext AS copied
        ON copied.stxrelid = successor AND copied.stxname = pg_catalog.format('statistics_%s', s.oid)
    WHERE s.stxrelid = former
)

SELECT pg_catalog.array_agg(step.statement ORDER BY step.number)
FROM place
CROSS JOIN LATERAL (
    SELECT 1 AS number, pg_catalog.format('ALTER INDEX %s.%I RENAME TO bi_refresh_former_%s', place.schema_name, i.name, i.oid) AS statement
    FROM own_index AS i
    UNION ALL
    SELECT 1, pg_catalog.format('ALTER STATISTICS %s.%I RENAME TO bi_refresh_former_%s', s.schema_name, s.name, s.oid)
    FROM own_statistics AS s
    UNION ALL
    SELECT moved.number, moved.statement
    FROM (
        VALUES
        -- names that nobody else has, in the one schema and in the other
        (
            2,
            pg_catalog.format(
                'ALTER %s %s.%s RENAME TO bi_refresh_former_%s', place.former_kind, place.schema_name, place.own_name, former
            )
        ),
        (
            3,
            pg_catalog.format(
                'ALTER %s %s.bi_refresh_former_%s SET SCHEMA bi_refresh_incremental', place.former_kind, place.schema_name, former
            )
        ),
        (
            4,
            pg_catalog.format(
                'ALTER %s bi_refresh_incremental.bi_refresh_former_%s RENAME TO retired_%s_%s',
                place.former_kind, former, former, pg_catalog.trunc(pg_catalog.date_part('epoch', pg_catalog.now()))
            )
        ),
        (
            3,
            pg_catalog.format(
                'ALTER %s %s RENAME TO bi_refresh_successor_%s', place.kind, successor::pg_catalog.regclass, successor
            )
        ),
        (
            4,
            pg_catalog.format(
                'ALTER %s bi_refresh_incremental.bi_refresh_successor_%s SET SCHEMA %s', place.kind, successor, place.schema_name
            )
        ),
        (
            5,
            pg_catalog.format(
                'ALTER %s %s.bi_refresh_successor_%s RENAME TO %s', place.kind, place.schema_name, successor, place.own_name
            )
        )
    ) AS moved (number, statement)
    UNION ALL
    SELECT 6, pg_catalog.format('ALTER INDEX %s.%I RENAME TO %I', place.schema_name, i.copy_name, i.name)
    FROM own_index AS i
    WHERE i.copy_name IS NOT NULL
    UNION ALL
    SELECT 6, pg_catalog.format('ALTER STATISTICS bi_refresh_incremental.%I SET SCHEMA %s', s.copy_name, s.schema_name)
    FROM own_statistics AS s
    WHERE s.copy_name IS NOT NULL
    UNION ALL
    SELECT 7, pg_catalog.format('ALTER STATISTICS %s.%I RENAME TO %I', s.schema_name, s.copy_name, s.name)
    FROM own_statistics AS s
    WHERE s.copy_name IS NOT NULL
    UNION ALL
    SELECT 8, pg_catalog.format('COMMENT ON INDEX %s.%I IS %L', place.schema_name, i.name, i.description)
    FROM own_index AS i
    WHERE i.copy_name IS NOT NULL AND i.description IS NOT NULL
    UNION ALL
    SELECT 8, pg_catalog.format('COMMENT ON STATISTICS %s.%I IS %L', s.schema_name, s.name, s.description)
    FROM own_statistics AS s
    WHERE s.copy_name IS NOT NULL AND s.description IS NOT NULL
) AS step
$$;
