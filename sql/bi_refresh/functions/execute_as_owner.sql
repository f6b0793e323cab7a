-- Executes a statement with the rights of a maintained table's owner; returns the number of its rows.
CREATE OR REPLACE FUNCTION bi_refresh.execute_as_owner(table_id integer, statement text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    affected bigint;
BEGIN
    EXECUTE pg_catalog.format('SELECT bi_refresh_as_owner.maintain_%s($1, false)::bigint', table_id)
    INTO affected
    USING statement;
    RETURN affected;
END
$$;
