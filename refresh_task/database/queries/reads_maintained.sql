-- Whether the current role may read what incremental views are made from, if there is that table at all.
SELECT
    coalesce(
        bool_or(has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')), false
    ) AS is_readable
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE n.nspname = 'bi_refresh' AND c.relname = 'maintained_table'
