-- One entry of the event queue. Never joined with one that waits already: a "flag if absent" loses the change of a transaction that
-- commits while the flagged refresh runs.
CREATE OR REPLACE FUNCTION bi_refresh.insert_request(view_name text, priority text, reason text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    request_id bigint;
BEGIN
    IF priority IS NULL OR priority NOT IN ('low', 'normal', 'high', 'critical') THEN
        RAISE EXCEPTION 'unknown priority: %', coalesce(priority, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'One of: low, normal, high, critical.';
    END IF;
    INSERT INTO bi_refresh.mv_refresh_triggers AS t (view_name, priority, reason)
    VALUES (insert_request.view_name, insert_request.priority, insert_request.reason)
    RETURNING t.id INTO request_id;
    RETURN request_id;
END
$$;
