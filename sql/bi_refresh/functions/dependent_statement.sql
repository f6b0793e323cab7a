-- The statement that makes a view or a function anew with its own text, so that it reads what has the names in it by
-- then. It keeps its OID, owner, grants and comments; a view's options have to be said again.
CREATE OR REPLACE FUNCTION bi_refresh.dependent_statement(kind text, object oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp -- names come out qualified, and mean the same later
AS $$
SELECT CASE dependent_statement.kind
    WHEN 'function' THEN pg_catalog.pg_get_functiondef(object)
    WHEN 'view' THEN (
        SELECT pg_catalog.format(
            'CREATE OR REPLACE VIEW %I.%I%s AS %s',
            n.nspname,
            c.relname,
            (
                SELECT pg_catalog.format(
                    ' WITH (%s)', pg_catalog.string_agg(pg_catalog.format('%I = %L', o.option_name, o.option_value), ', ')
                )
                FROM pg_catalog.pg_options_to_table(c.reloptions) AS o
                HAVING pg_catalog.count(*) > 0
            ),
            pg_catalog.pg_get_viewdef(c.oid)
        )
        FROM pg_catalog.pg_class AS c
        INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
        WHERE c.oid = object
    )
END
$$;
