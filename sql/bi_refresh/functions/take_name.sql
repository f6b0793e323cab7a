-- Puts a relation in the place of another one: its schema, its name, its indexes' and statistics' names, grants,
-- comments; and the former one aside. Both are locked against everybody, and so is what reads the former one.
--   dependents    statements that bind the readers to what has the name by then
--   more_rights   see copy_grants()
--
-- The former one is not dropped yet. A session that executes a function with a parsed body may have taken from it,
-- before it was bound anew, that the former one is to be read, and wait for its lock: it reads it now, and would fail
-- (see drop_retired()).
CREATE OR REPLACE FUNCTION bi_refresh.take_name(
    former oid, successor oid, dependents text[], more_rights jsonb DEFAULT '[]'
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
    missing text;
BEGIN
    SELECT pg_catalog.string_agg(i.index_name, ', ') INTO missing FROM bi_refresh.indexes_to_copy(former, successor) AS i;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION '% was given more indexes meanwhile: %', former::pg_catalog.regclass, missing
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Run the command again: it copies them first.';
    END IF;

    PERFORM bi_refresh.copy_grants(former, successor, more_rights);
    PERFORM bi_refresh.copy_descriptions(former, successor);
    FOREACH statement IN ARRAY bi_refresh.renaming_statements(former, successor) || dependents LOOP
        EXECUTE statement;
    END LOOP;
    SELECT pg_catalog.string_agg(d.name, ', ') INTO missing FROM bi_refresh.relation_dependents(ARRAY[former]) AS d;
    IF missing IS NOT NULL THEN
        RAISE EXCEPTION 'still bound to what was in the place of %: %', successor::pg_catalog.regclass, missing
        USING ERRCODE = 'dependent_objects_still_exist';
    END IF;
END
$$;
