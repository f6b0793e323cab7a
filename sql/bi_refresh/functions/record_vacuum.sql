-- Takes the dead rows that a VACUUM of the task's has removed off a view's account. Not to zero: a refresh since then left its own.
CREATE OR REPLACE FUNCTION bi_refresh.record_vacuum(view_name text, removed_rows bigint)
RETURNS void
LANGUAGE sql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
UPDATE bi_refresh.view_state AS s
SET churned_rows = GREATEST(s.churned_rows - removed_rows, 0)
WHERE s.view_name = record_vacuum.view_name
$$;
