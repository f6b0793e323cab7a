-- The columns of the given views with what ANALYZE knows of them: nothing where the current role may not read them.
-- has_order: a btree index can hold it, which json, point and others have no order for.
SELECT
    a.attrelid AS view_oid,
    a.attname::text AS name,
    quote_ident(a.attname) AS quoted,
    s.null_frac::float8 AS null_fraction,
    s.n_distinct::float8 AS distinct_values,
    (
        SELECT count(*)
        FROM pg_opclass AS o
        INNER JOIN pg_am AS m ON o.opcmethod = m.oid
        INNER JOIN pg_type AS t ON a.atttypid = t.oid
        WHERE m.amname = 'btree' AND o.opcdefault
            AND o.opcintype IN (
                CASE t.typtype WHEN 'd' THEN t.typbasetype WHEN 'e' THEN 'anyenum'::regtype ELSE t.oid END,
                CASE t.typname WHEN 'varchar' THEN 'text'::regtype ELSE t.oid END,
                CASE WHEN t.typcategory = 'A' THEN 'anyarray'::regtype ELSE t.oid END
            )
    ) > 0 AS has_order,
    a.atttypid IN ('float4'::regtype, 'float8'::regtype) AS is_float
FROM pg_attribute AS a
INNER JOIN pg_class AS c ON a.attrelid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
LEFT JOIN pg_stats AS s ON n.nspname = s.schemaname AND c.relname = s.tablename AND a.attname = s.attname
WHERE a.attrelid = any(%(views)s::oid []) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attrelid, a.attnum
