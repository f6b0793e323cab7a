-- The views, materialized or incremental, that fit one of these patterns, each with the first that it fits. A pattern is
-- schema.name, in which * stands for any characters and ? for any one; it is compared with the names as they are stored, without
-- quotes. PostgreSQL's own schemas have no views to keep fresh, nor has that of stages. Only catalogs and maintained_table, without
-- which it can be run where Vistafresca is not installed.
CREATE OR REPLACE FUNCTION bi_refresh.views_by_pattern(patterns text[])
RETURNS TABLE (view_name text, pattern text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT DISTINCT ON (1)
    pg_catalog.format('%I.%I', n.nspname, c.relname),
    written.pattern
FROM pg_catalog.unnest($1) WITH ORDINALITY AS written (pattern, position)
-- schema and name by themselves, so that no * reaches over the dot; all that means something in a regular expression is escaped
CROSS JOIN LATERAL (
    SELECT
        '^' || pg_catalog.replace(pg_catalog.replace(escaped.schema_part, '\*', '.*'), '\?', '.') || '$' AS schema_expression,
        '^' || pg_catalog.replace(pg_catalog.replace(escaped.name_part, '\*', '.*'), '\?', '.') || '$' AS name_expression
    FROM (
        SELECT
            pg_catalog.regexp_replace(pg_catalog.split_part(written.pattern, '.', 1), '([^[:alnum:]_])', '\\\1', 'g')
                AS schema_part,
            pg_catalog.regexp_replace(
                pg_catalog.substr(written.pattern, pg_catalog.strpos(written.pattern, '.') + 1), '([^[:alnum:]_])', '\\\1', 'g'
            ) AS name_part
    ) AS escaped
) AS expression
INNER JOIN pg_catalog.pg_namespace AS n
    ON n.nspname ~ expression.schema_expression AND n.nspname !~ '^pg_'
        AND n.nspname NOT IN ('information_schema', 'bi_refresh_incremental')
INNER JOIN pg_catalog.pg_class AS c
    ON c.relnamespace = n.oid AND c.relkind IN ('m', 'r') AND c.relname ~ expression.name_expression
        AND (
            c.relkind = 'm'
            OR c.oid IN (SELECT m.relation FROM bi_refresh.maintained_table AS m WHERE m.stage IS NULL AND m.relation IS NOT NULL)
        )
WHERE pg_catalog.strpos(written.pattern, '.') > 0
ORDER BY 1, written.position
$$;
