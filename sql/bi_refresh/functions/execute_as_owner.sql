-- Executes a statement with the rights of a maintained table's owner; returns the number of its rows.
CREATE OR REPLACE FUNCTION bi_refresh.execute_as_owner(table_id integer, statement text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN bi_refresh.act_as_owner(table_id, statement, false)::bigint;
END
$$;
