SELECT
    format('%%I.%%I', reader_schema.nspname, reader.relname) AS view_name,
    format('%%I.%%I', upstream_schema.nspname, upstream.relname) AS upstream_name
FROM bi_refresh.direct_upstream_views() AS d
INNER JOIN pg_class AS reader ON d.view_oid = reader.oid
INNER JOIN pg_namespace AS reader_schema ON reader.relnamespace = reader_schema.oid
INNER JOIN pg_class AS upstream ON d.upstream_oid = upstream.oid
INNER JOIN pg_namespace AS upstream_schema ON upstream.relnamespace = upstream_schema.oid
