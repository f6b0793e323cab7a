-- The relation that a managed view's name stands for; NULL: it is gone, or the name is not managed. Unlike to_regclass(), which
-- raises for malformed names and for schemas that the caller may not use, and would let one view stop all. In PL/pgSQL, which
-- keeps the plan: it is asked for often.
CREATE OR REPLACE FUNCTION bi_refresh.view_oid(view_name text)
RETURNS oid
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT c.oid
        FROM bi_refresh.view_policy AS p
        INNER JOIN pg_catalog.pg_namespace AS n ON n.nspname = (pg_catalog.parse_ident(p.view_name))[1]
        INNER JOIN pg_catalog.pg_class AS c
            ON c.relnamespace = n.oid AND c.relname = (pg_catalog.parse_ident(p.view_name))[2]
        WHERE p.view_name = view_oid.view_name
        -- A snapshot sees two versions of a catalog row where this transaction changed what another had changed since.
        LIMIT 1
    );
END
$$;
