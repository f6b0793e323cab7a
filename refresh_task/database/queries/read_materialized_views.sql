SELECT
    format('%%I.%%I', n.nspname, c.relname) AS view_name,
    bi_refresh.usable_unique_index(c.oid) IS NOT NULL AS has_unique_index,
    bi_refresh.unique_index_ddl(c.oid) AS unique_index_ddl
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.relkind = 'm'
ORDER BY view_name
