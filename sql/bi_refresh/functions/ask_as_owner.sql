-- The only value, a jsonb, of a query that is run with the rights of a maintained table's owner.
CREATE OR REPLACE FUNCTION bi_refresh.ask_as_owner(table_id integer, query text)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN bi_refresh.act_as_owner(table_id, query, true);
END
$$;
