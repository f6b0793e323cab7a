-- What told the rows of a view's table apart (columns: NULL where nothing is known to), and what stands under the view's name.
SELECT
    n.nspname::text AS schema_name,
    c.relname::text AS relation_name,
    t.key_columns::text [] AS columns
FROM bi_refresh.maintained_table AS t
INNER JOIN pg_class AS c ON bi_refresh.view_oid(t.view_name) = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE t.view_name = %(view)s AND t.stage IS NULL
