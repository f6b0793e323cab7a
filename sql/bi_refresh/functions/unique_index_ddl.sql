-- The statement that would give a view the unique index it lacks. Where the view has been analyzed, a column whose values were
-- all different is proposed; otherwise its columns are listed to choose from. `vistafresca doctor` can say more, and is named: it parses
-- the view's stored query, whose GROUP BY or DISTINCT may prove a key.
CREATE OR REPLACE FUNCTION bi_refresh.unique_index_ddl(view_oid oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.format(
    'CREATE UNIQUE INDEX ON %1$s (%2$s',
    view_oid::pg_catalog.regclass,
    coalesce(
        pg_catalog.min(pg_catalog.quote_ident(a.attname)) FILTER (WHERE s.n_distinct = -1 AND s.null_frac = 0) || ');',
        '<the columns that identify a row, out of: '
        || pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) FILTER (WHERE a.attnum <= 6)
        || CASE WHEN pg_catalog.count(*) > 6 THEN ', ...' ELSE '' END || '>); what is known of them says: '
        || 'vistafresca doctor ' || view_oid::pg_catalog.regclass::text
    )
)
FROM pg_catalog.pg_attribute AS a
INNER JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
INNER JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_stats AS s
    ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
WHERE a.attrelid = view_oid AND a.attnum > 0 AND NOT a.attisdropped
$$;
