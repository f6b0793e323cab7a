-- Drops the materialized view that a view was to be again, if it is not under the view's name yet.
CREATE OR REPLACE FUNCTION bi_refresh.drop_given_back(view_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    unfinished record;
BEGIN
    FOR unfinished IN
        SELECT c.oid, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
        FROM bi_refresh.incremental_view AS v
        INNER JOIN pg_catalog.pg_class AS c ON c.oid = (v.original ->> 'given_back')::oid
        INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
        WHERE v.view_name = drop_given_back.view_name
            AND n.nspname = 'bi_refresh_incremental'
            AND c.relname LIKE 'given\_back\_%'
            AND c.relkind = 'm'
    LOOP
        PERFORM bi_refresh.drop_dependents(unfinished.oid);
        EXECUTE pg_catalog.format('DROP MATERIALIZED VIEW %s', unfinished.name);
    END LOOP;
END
$$;
