-- Asks for a view's refresh, in the caller's own transaction: it is seen when, and only when, the caller commits. Returns the entry's
-- number in the event queue, mv_refresh_triggers.
--   view_name  with or without its schema
--   priority   low, normal, high or critical: among views that could begin, the higher one begins first
--   reason     for people
CREATE OR REPLACE FUNCTION bi_refresh.request_refresh(
    view_name text, priority text DEFAULT 'normal', reason text DEFAULT NULL
)
RETURNS bigint
LANGUAGE plpgsql
-- Who may ask needs no right to write the queue.
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_view record;
BEGIN
    SELECT f.view_name, f.problem, f.remedy INTO found_view FROM bi_refresh.find_view(request_refresh.view_name) AS f;
    IF found_view.problem IS NOT NULL THEN
        RAISE EXCEPTION '%', found_view.problem USING ERRCODE = 'undefined_object', HINT = found_view.remedy;
    END IF;
    IF EXISTS (SELECT FROM bi_refresh.view_policy AS p WHERE p.view_name = found_view.view_name AND NOT p.enabled) THEN
        RAISE WARNING '% is disabled: the request waits until it is enabled, for a day at most', found_view.view_name
        USING HINT = 'Set enabled = true in views.toml and run vistafresca apply.';
    END IF;
    RETURN bi_refresh.insert_request(found_view.view_name, request_refresh.priority, request_refresh.reason);
END
$$;
