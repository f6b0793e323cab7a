-- Takes away all that was made for a view that is, or was, refreshed incrementally, but what stands under its name.
-- Captures that nobody needs any more are released by release_captures().
CREATE OR REPLACE FUNCTION bi_refresh.drop_incremental_view(view_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM bi_refresh.drop_maintained_tables(ARRAY(
        SELECT t.id FROM bi_refresh.maintained_table AS t WHERE t.view_name = drop_incremental_view.view_name
    ));
    PERFORM bi_refresh.drop_given_back(drop_incremental_view.view_name);
    DELETE FROM bi_refresh.incremental_view AS v WHERE v.view_name = drop_incremental_view.view_name;
END
$$;
