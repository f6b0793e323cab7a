-- Makes the materialized view over stages that will stand under a view's name, empty, beside it: for the view's owner, stored alike.
--   model   the relation whose place it will take
CREATE OR REPLACE FUNCTION bi_refresh.make_maintained_view(table_id integer, query text, owner oid, model oid)
RETURNS oid
LANGUAGE plpgsql
SET default_tablespace = ''
SET default_table_access_method = heap
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name CONSTANT text := pg_catalog.format('bi_refresh_incremental.table_%s', table_id);
    made oid;
BEGIN
    PERFORM bi_refresh.use_storage_of(model);
    EXECUTE pg_catalog.format(
        'CREATE MATERIALIZED VIEW %s AS %s WITH NO DATA', name, pg_catalog.rtrim(query, E'; \n')
    );
    made := name::pg_catalog.regclass;
    PERFORM bi_refresh.keep_private(made);
    PERFORM bi_refresh.copy_storage(model, made);
    PERFORM bi_refresh.give_to_owner('MATERIALIZED VIEW', name, owner);
    UPDATE bi_refresh.maintained_table AS t SET relation = made WHERE t.id = table_id;
    RETURN made;
END
$$;
