-- Takes away what make_maintain_function() made.
CREATE OR REPLACE FUNCTION bi_refresh.drop_maintain_function(table_id integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE pg_catalog.format('DROP FUNCTION IF EXISTS bi_refresh_as_owner.maintain_%s(text, boolean)', table_id);
END
$$;
