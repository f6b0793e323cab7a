-- The types that a log's columns have: those of the table's, without lengths, and of domains what they are made of, for an entry
-- may leave any column NULL.
--   problem   why the column cannot be captured, in words; NULL: it can
CREATE OR REPLACE FUNCTION bi_refresh.capture_column_types(relation oid, columns name[])
RETURNS TABLE (name name, type text, problem text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE asked AS (
    SELECT c.name, c.position, a.atttypid AS type, a.attnum, a.attgenerated
    FROM pg_catalog.unnest(columns) WITH ORDINALITY AS c (name, position)
    LEFT JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = capture_column_types.relation AND c.name = a.attname AND NOT a.attisdropped
),

base (name, type) AS (
    SELECT asked.name, asked.type FROM asked
    UNION ALL
    SELECT base.name, t.typbasetype
    FROM base
    INNER JOIN pg_catalog.pg_type AS t ON base.type = t.oid AND t.typtype = 'd'
)

SELECT
    asked.name,
    -- by the catalog's own names, which mean no length: bpchar and not character
    CASE WHEN t.oid IS NOT NULL THEN pg_catalog.format('%I.%I', n.nspname, t.typname) END,
    CASE
        WHEN asked.attnum IS NULL
            THEN pg_catalog.format('%s has no column %I', capture_column_types.relation::pg_catalog.regclass, asked.name)
        WHEN asked.attnum < 0
            THEN pg_catalog.format('%I is a system column, which triggers are not shown', asked.name)
        WHEN asked.attgenerated = 'v'
            THEN pg_catalog.format('%I is a virtual column, which triggers are not shown', asked.name)
    END
FROM asked
LEFT JOIN base ON asked.name = base.name AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_type AS d WHERE d.oid = base.type AND d.typtype = 'd'
)
LEFT JOIN pg_catalog.pg_type AS t ON base.type = t.oid
LEFT JOIN pg_catalog.pg_namespace AS n ON t.typnamespace = n.oid
ORDER BY asked.position
$$;
