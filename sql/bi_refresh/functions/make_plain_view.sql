-- Makes the materialized view that a view is to be again, empty, beside the table that stands under its name: with
-- the query that its user wrote (view_query()), for the same owner, stored alike. A former try's is taken away.
CREATE OR REPLACE FUNCTION bi_refresh.make_plain_view(view_name text)
RETURNS oid
LANGUAGE plpgsql
SET default_tablespace = ''
SET default_table_access_method = heap
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place CONSTANT oid := bi_refresh.view_oid(view_name);
    name CONSTANT text := pg_catalog.format('bi_refresh_incremental.given_back_%s', place);
    made oid;
BEGIN
    PERFORM bi_refresh.drop_given_back(view_name);
    PERFORM bi_refresh.use_storage_of(place);
    EXECUTE pg_catalog.format(
        'CREATE MATERIALIZED VIEW %s AS %s WITH NO DATA',
        name, bi_refresh.view_query(view_name)
    );
    made := name::pg_catalog.regclass;
    PERFORM bi_refresh.keep_private(made);
    PERFORM bi_refresh.copy_storage(place, made);
    PERFORM bi_refresh.give_to_owner('MATERIALIZED VIEW', name, bi_refresh.owner_oid(place));
    UPDATE bi_refresh.incremental_view AS v
    SET original = v.original || pg_catalog.jsonb_build_object('given_back', made::bigint)
    WHERE v.view_name = make_plain_view.view_name;
    RETURN made;
END
$$;
