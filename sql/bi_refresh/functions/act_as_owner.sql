-- Executes a statement with the rights of a maintained table's owner: the value of a query, or the number of rows. What his code
-- leaves behind in the session would be met by whoever goes on in it, with other rights: a search path in which operators are
-- looked up, a cursor that is opened once more at the end of the transaction. REFRESH MATERIALIZED VIEW undoes such settings and
-- forbids such cursors; here they are errors, which undo them.
CREATE OR REPLACE FUNCTION bi_refresh.act_as_owner(table_id integer, statement text, returns_value boolean)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cursors CONSTANT text[] := bi_refresh.lasting_cursors();
    value jsonb;
BEGIN
    EXECUTE pg_catalog.format('SELECT bi_refresh_as_owner.maintain_%s($1, $2)', table_id)
    INTO value
    USING statement, returns_value;
    -- Before anything is looked up by its name.
    IF pg_catalog.current_setting('search_path') OPERATOR(pg_catalog.<>) 'pg_catalog, pg_temp' THEN
        RAISE EXCEPTION 'code that a refresh runs for the view''s owner changed search_path and did not put it back'
        USING ERRCODE = '2F003',
        HINT = 'Find the function that sets it, and give it a SET search_path clause instead.';
    END IF;
    IF bi_refresh.lasting_cursors() <> cursors THEN
        RAISE EXCEPTION 'code that a refresh runs for the view''s owner declared a cursor WITH HOLD'
        USING ERRCODE = '2F003', HINT = 'Find the function that declares it: a refresh may not leave one behind.';
    END IF;
    RETURN value;
END
$$;
