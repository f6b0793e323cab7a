-- Puts a relation in the place of another one: its schema, its name, its indexes' and statistics' names, grants,
-- comments; and the former one aside. Both are locked against everybody, and so is what reads the former one, which is
-- bound to what has the name by then afterwards.
--   more_rights   see copy_grants()
--
-- The former one is not dropped yet. A session that executes a function with a parsed body may have taken from it,
-- before it was bound anew, that the former one is to be read, and wait for its lock: it reads it now, and would fail
-- (see drop_retired()).
CREATE OR REPLACE FUNCTION bi_refresh.take_name(former oid, successor oid, more_rights jsonb DEFAULT '[]')
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

    -- what was granted when it was built may have been revoked since
    PERFORM bi_refresh.keep_private(successor);
    PERFORM bi_refresh.copy_grants(former, successor, more_rights);
    PERFORM bi_refresh.copy_descriptions(former, successor);
    FOREACH statement IN ARRAY bi_refresh.renaming_statements(former, successor) LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
