-- Everything of the users' that rows can be read from, with its columns.
SELECT
    format('%%I.%%I', n.nspname, c.relname) AS name,
    array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
INNER JOIN pg_attribute AS a ON c.oid = a.attrelid
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
    AND a.attnum > 0 AND NOT a.attisdropped
    AND n.nspname NOT IN ('information_schema', 'bi_refresh_incremental') AND NOT starts_with(n.nspname, 'pg_')
GROUP BY n.nspname, c.relname
ORDER BY name
