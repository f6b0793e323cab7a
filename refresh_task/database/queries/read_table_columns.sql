-- A table by itself, with its columns and what is known of their values; nothing for anything else. Without virtual columns, which
-- triggers are not shown. Not one with partitions or children: one that came and went between two refreshes leaves no trace in the
-- catalogs, but half of its rows' changes in the log, those that were written by way of the whole. The first child of a table leaves one.
SELECT
    c.oid::bigint AS relation,
    a.attname AS name,
    a.atttypid::bigint AS type,
    a.atttypmod AS modifier,
    t.typtype = 'e' AS is_enum,
    coalesce(l.collisdeterministic, true) AS is_collated_by_bytes
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
INNER JOIN pg_type AS t ON a.atttypid = t.oid
LEFT JOIN pg_collation AS l ON a.attcollation = l.oid
WHERE n.nspname = %(schema_name)s
    AND c.relname = %(relation_name)s
    AND c.relkind = 'r'
    AND NOT c.relhassubclass
    AND NOT EXISTS (
        SELECT FROM pg_inherits AS i
        WHERE i.inhrelid = c.oid
    )
ORDER BY a.attnum
