-- Ends a view's suspension and forgets its failures, so that the next run tries it like any other. The name may come without its
-- schema. Whether it was suspended.
CREATE OR REPLACE FUNCTION bi_refresh.resume_view(view_name text)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    named record;
    was_suspended boolean;
BEGIN
    SELECT f.view_name, f.problem, f.remedy INTO named FROM bi_refresh.find_view(resume_view.view_name) AS f;
    IF named.problem IS NOT NULL THEN
        RAISE EXCEPTION '%', named.problem USING ERRCODE = 'undefined_object', HINT = named.remedy;
    END IF;

    SELECT s.suspended_at IS NOT NULL INTO was_suspended
    FROM bi_refresh.view_state AS s
    WHERE s.view_name = named.view_name
    FOR UPDATE;

    UPDATE bi_refresh.view_state AS s
    SET suspended_at = NULL, probe_at = NULL, consecutive_failures = 0, failing_since = NULL
    WHERE s.view_name = named.view_name;
    RETURN coalesce(was_suspended, false);
END
$$;
