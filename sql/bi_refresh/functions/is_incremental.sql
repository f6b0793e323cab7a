-- Whether what stands under a managed view's name is kept by incremental refreshes now: from the moment it takes the materialized
-- view's place to the moment it gives it back.
CREATE OR REPLACE FUNCTION bi_refresh.is_incremental(view_name text)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT EXISTS (
            SELECT FROM bi_refresh.incremental_view AS v
            INNER JOIN bi_refresh.maintained_table AS m ON v.view_name = m.view_name
            WHERE v.view_name = is_incremental.view_name
                AND m.stage IS NULL
                AND m.relation = bi_refresh.view_oid(v.view_name)
        )
    );
END
$$;
