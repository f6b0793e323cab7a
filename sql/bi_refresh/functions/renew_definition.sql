-- Makes a maintained table's definition anew from its own text, with the same OID, owner and rights: the planner calls the columns of
-- partitions and children by the names that the parent's had when the view was made, and plans are what is proved by.
CREATE OR REPLACE FUNCTION bi_refresh.renew_definition(table_id integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    definition CONSTANT oid := (SELECT t.definition FROM bi_refresh.maintained_table AS t WHERE t.id = table_id);
BEGIN
    EXECUTE pg_catalog.format(
        'CREATE OR REPLACE VIEW %s AS %s', definition::pg_catalog.regclass, pg_catalog.pg_get_viewdef(definition)
    );
END
$$;
