-- Keeps the whole query of a view beside its stages, as an ordinary view: it follows what is renamed beneath it, and is what is given back.
--   is_expanded   whether stages were made of parts of ordinary views beneath it: the database would not know any more that it depends on
--                 these, and nobody would notice that one was replaced
CREATE OR REPLACE FUNCTION bi_refresh.make_whole_definition(
    table_id integer, query text, owner oid, is_expanded boolean
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name CONSTANT text := pg_catalog.format('bi_refresh_incremental.whole_%s', table_id);
    made oid;
BEGIN
    EXECUTE pg_catalog.format('DROP VIEW IF EXISTS %s', name);
    EXECUTE pg_catalog.format('CREATE VIEW %s AS %s', name, query);
    made := name::pg_catalog.regclass;
    PERFORM bi_refresh.keep_private(made);
    PERFORM bi_refresh.give_to_owner('VIEW', name, owner);
    UPDATE bi_refresh.maintained_table AS t
    SET whole = made, whole_digest = CASE WHEN is_expanded THEN bi_refresh.definition_digest(made) END
    WHERE t.id = table_id;
END
$$;
