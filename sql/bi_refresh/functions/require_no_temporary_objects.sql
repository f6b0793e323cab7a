-- Raises where code of the view's owner left temporary relations in the session: the next view's code would find them by their
-- names before its own tables, and run what their triggers say with its owner's rights. REFRESH MATERIALIZED VIEW allows none.
--   before   temporary_objects() before any such code was run
CREATE OR REPLACE FUNCTION bi_refresh.require_no_temporary_objects(before oid[])
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_oid oid;
BEGIN
    FOREACH found_oid IN ARRAY bi_refresh.temporary_objects() LOOP
        IF found_oid <> ALL (before) THEN
            RAISE EXCEPTION 'code that a refresh runs for the view''s owner made the temporary relation %',
                found_oid::pg_catalog.regclass
            USING ERRCODE = 'insufficient_privilege',
            HINT = 'Find the function that makes it: a refresh may not leave one behind.';
        END IF;
    END LOOP;
END
$$;
