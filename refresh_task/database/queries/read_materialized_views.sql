SELECT
    format('%%I.%%I', n.nspname, c.relname) AS view_name,
    -- an incremental view's table needs none
    c.relkind = 'r' OR bi_refresh.usable_unique_index(c.oid) IS NOT NULL AS has_unique_index,
    bi_refresh.unique_index_ddl(c.oid) AS unique_index_ddl
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname <> 'bi_refresh_incremental'
    AND (
        c.relkind = 'm'
        OR c.oid IN (
            SELECT m.relation
            FROM bi_refresh.maintained_table AS m
            WHERE m.stage IS NULL AND m.relation IS NOT NULL
        )
    )
ORDER BY view_name
