-- Whether a change waits for an incremental view.
CREATE OR REPLACE FUNCTION bi_refresh.changes_waiting(view_name text)
RETURNS boolean
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
SELECT NULL::boolean
$$;
