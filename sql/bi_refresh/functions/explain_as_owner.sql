-- The plan of a prepared statement, made with the rights of a maintained table's owner: whoever wrote the view has functions run in
-- planning it. What they leave behind is an error, as in a refresh.
CREATE OR REPLACE FUNCTION bi_refresh.explain_as_owner(table_id integer, prepare text, explain text, name text)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    session_before CONSTANT record := bi_refresh.session_state();
    plan jsonb;
BEGIN
    PERFORM bi_refresh.execute_as_owner(table_id, prepare);
    plan := bi_refresh.ask_as_owner(table_id, explain);
    EXECUTE pg_catalog.format('DEALLOCATE %I', name);
    PERFORM bi_refresh.require_session_state(session_before);
    RETURN plan;
END
$$;
