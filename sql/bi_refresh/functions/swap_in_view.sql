-- Puts the materialized view that a view is to be again under its name, in place of the table. Raises as
-- swap_relation() does.
CREATE OR REPLACE FUNCTION bi_refresh.swap_in_view(
    view_name text, successor oid, snapshot_at timestamptz, budget interval, taken_along jsonb
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    rights jsonb;
BEGIN
    SELECT coalesce(v.original -> 'rights', '[]') INTO STRICT rights
    FROM bi_refresh.incremental_view AS v
    WHERE v.view_name = swap_in_view.view_name;
    PERFORM bi_refresh.swap_relation(view_name, successor, budget, taken_along, rights);
    UPDATE bi_refresh.incremental_view AS v
    SET status = 'disabling', step = 'given back', status_since = pg_catalog.clock_timestamp()
    WHERE v.view_name = swap_in_view.view_name;
    PERFORM bi_refresh.record_contents(view_name, successor, snapshot_at);
END
$$;
