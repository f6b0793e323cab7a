-- Makes a maintained table, empty, with the columns of its definition, for the view's owner.
--   model   the relation whose place it will take: its storage is made the same; NULL: a stage's, which takes nobody's
CREATE OR REPLACE FUNCTION bi_refresh.make_maintained_table(table_id integer, model oid DEFAULT NULL)
RETURNS oid
LANGUAGE plpgsql
-- settings of whoever calls are nobody's wish here
SET default_tablespace = ''
SET default_table_access_method = heap
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name CONSTANT text := pg_catalog.format('bi_refresh_incremental.table_%s', table_id);
    defining_view oid;
    made oid;
BEGIN
    SELECT t.definition INTO STRICT defining_view FROM bi_refresh.maintained_table AS t WHERE t.id = table_id;
    EXECUTE pg_catalog.format('DROP TABLE IF EXISTS %s', name);
    PERFORM bi_refresh.use_storage_of(model);
    EXECUTE pg_catalog.format('CREATE TABLE %s AS SELECT * FROM %s WITH NO DATA', name, defining_view::pg_catalog.regclass);
    made := name::pg_catalog.regclass;
    PERFORM bi_refresh.keep_private(made);
    -- a publication of all tables would refuse changes to one that says nothing of how its rows are told apart
    EXECUTE pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY FULL', name);
    IF model IS NOT NULL THEN
        PERFORM bi_refresh.copy_storage(model, made);
    END IF;
    PERFORM bi_refresh.give_to_owner('TABLE', name, bi_refresh.owner_oid(defining_view));
    UPDATE bi_refresh.maintained_table AS t SET relation = made WHERE t.id = table_id;
    RETURN made;
END
$$;
