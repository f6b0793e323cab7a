-- The columns of a relation in their order: what the API may compare and sort them by, and the place of each in the key by which rows
-- are told apart (NULL: not in it). Only types of PostgreSQL's own and enums are comparable: the operators of others are not in the
-- search path, and the order of rows would be another than that of comparisons.
SELECT
    a.attname AS name,
    format_type(a.atttypid, -1) AS type,
    base.typtype = 'e'
    OR (
        base.typnamespace = 'pg_catalog'::regnamespace
        AND (base.typcategory IN ('B', 'D', 'I', 'N', 'S', 'T') OR base.typname IN ('uuid', 'bytea'))
    ) AS is_comparable,
    array_position(i.indkey::smallint[], a.attnum) AS key_position
FROM pg_attribute AS a
INNER JOIN pg_type AS t ON a.atttypid = t.oid
-- of a domain, what it is made of
INNER JOIN pg_type AS base ON base.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
LEFT JOIN pg_index AS i ON i.indexrelid = bi_refresh.usable_unique_index(a.attrelid)
WHERE a.attrelid = %(relation)s::oid AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
