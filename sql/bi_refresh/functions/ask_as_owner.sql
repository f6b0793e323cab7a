-- The only value, a jsonb, of a query that is run with the rights of a maintained table's owner.
CREATE OR REPLACE FUNCTION bi_refresh.ask_as_owner(table_id integer, query text)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    value jsonb;
BEGIN
    EXECUTE pg_catalog.format('SELECT bi_refresh_as_owner.maintain_%s($1, true)', table_id) INTO value USING query;
    RETURN value;
END
$$;
