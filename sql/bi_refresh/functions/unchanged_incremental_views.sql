-- Those of the views that are kept by incremental refreshes, and beneath which nothing changed since the last one. As
-- unchanged_views(); a view that is distrusted, or due for a comparison, is not among them.
CREATE OR REPLACE FUNCTION bi_refresh.unchanged_incremental_views(views text[])
RETURNS TABLE (view_name text, view_oid oid, fingerprint jsonb, former jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    structures jsonb;
BEGIN
    IF NOT EXISTS (SELECT FROM bi_refresh.incremental_view AS v WHERE v.view_name = ANY (views)) THEN
        RETURN;
    END IF;
    SELECT pg_catalog.jsonb_object_agg(s.table_id, s.structure) INTO structures
    FROM bi_refresh.maintained_structures(views) AS s;
    RETURN QUERY
    SELECT s.view_name, s.view_oid, s.fingerprint, s.fingerprint
    FROM bi_refresh.incremental_view AS v
    INNER JOIN bi_refresh.view_state AS s ON v.view_name = s.view_name
    WHERE v.view_name = ANY (views)
        AND v.status = 'enabled'
        AND s.fingerprint IS NOT NULL
        AND bi_refresh.is_incremental(v.view_name)
        AND NOT bi_refresh.comparison_is_due(v.view_name)
        AND bi_refresh.nothing_changed(v.view_name, structures);
END
$$;
