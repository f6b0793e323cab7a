-- Makes the materialized view that will take the place of one that reads what is to be replaced, empty, beside it: with
-- the same query over what comes in its place, for the same owner, readable by the same roles, stored alike. A former
-- try's is taken away.
--   query       the view's, with bi_refresh_incremental.<name> for each relation that is to be replaced
--   stand_ins   what those names mean: {"name": OID of a relation of bi_refresh_incremental}. It has that name for this
--               moment: by another one, the query would have to name it as the view's does (AS), and be another in the end
CREATE OR REPLACE FUNCTION bi_refresh.make_dependent(former oid, query text, stand_ins jsonb)
RETURNS oid
LANGUAGE plpgsql
SET default_tablespace = ''
SET default_table_access_method = heap
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name CONSTANT text := pg_catalog.format('bi_refresh_incremental.dependent_%s', former);
    made oid := pg_catalog.to_regclass(name);
    stand_in record;
    renaming text;
    renaming_back text[] := '{}';
BEGIN
    IF made IS NOT NULL THEN
        PERFORM bi_refresh.drop_dependents(made);
        EXECUTE pg_catalog.format('DROP MATERIALIZED VIEW %s', name);
    END IF;
    renaming := 'ALTER %s bi_refresh_incremental.%I RENAME TO %I';
    FOR stand_in IN
        SELECT bi_refresh.kind_of(c.oid) AS kind, c.relname AS own_name, s.name AS other_name
        FROM pg_catalog.jsonb_each_text(stand_ins) AS s (name, relation)
        INNER JOIN pg_catalog.pg_class AS c ON c.oid = s.relation::oid
    LOOP
        EXECUTE pg_catalog.format(renaming, stand_in.kind, stand_in.own_name, stand_in.other_name);
        renaming_back := renaming_back
            || pg_catalog.format(renaming, stand_in.kind, stand_in.other_name, stand_in.own_name);
    END LOOP;
    PERFORM bi_refresh.use_storage_of(former);
    EXECUTE pg_catalog.format('CREATE MATERIALIZED VIEW %s AS %s WITH NO DATA', name, query);
    FOREACH renaming IN ARRAY renaming_back LOOP
        EXECUTE renaming;
    END LOOP;
    made := name::pg_catalog.regclass;
    PERFORM bi_refresh.keep_private(made);
    PERFORM bi_refresh.copy_storage(former, made);
    PERFORM bi_refresh.give_to_owner('MATERIALIZED VIEW', name, bi_refresh.owner_oid(former));
    -- the owners of those that read it must be able to fill theirs
    PERFORM bi_refresh.copy_grants(former, made);
    RETURN made;
END
$$;
