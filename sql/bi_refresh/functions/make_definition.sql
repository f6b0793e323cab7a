-- Makes the ordinary view that says what a maintained table holds, with the rights of the view's owner, as REFRESH
-- has them. Made once: a former one of the same number is taken away.
CREATE OR REPLACE FUNCTION bi_refresh.make_definition(table_id integer, query text, owner oid)
RETURNS oid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name CONSTANT text := pg_catalog.format('bi_refresh_incremental.definition_%s', table_id);
    made oid;
BEGIN
    EXECUTE pg_catalog.format('DROP VIEW IF EXISTS %s', name);
    EXECUTE pg_catalog.format('CREATE VIEW %s AS %s', name, query);
    made := name::pg_catalog.regclass;
    PERFORM bi_refresh.keep_private(made);
    PERFORM bi_refresh.give_to_owner('VIEW', name, owner);
    UPDATE bi_refresh.maintained_table AS t SET definition = made WHERE t.id = table_id;
    RETURN made;
END
$$;
