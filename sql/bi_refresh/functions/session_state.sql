-- What code that a refresh runs for a view's owner could leave behind for the next view's, or for whoever goes on in the session:
-- settings, and temporary relations. `objects` is without those that refreshes make for themselves.
CREATE OR REPLACE FUNCTION bi_refresh.session_state(OUT settings jsonb, OUT objects oid[])
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    (
        SELECT pg_catalog.jsonb_object_agg(s.name, s.setting)
        FROM pg_catalog.pg_settings AS s
        WHERE s.context IN ('user', 'superuser')
    ),
    ARRAY(
        SELECT c.oid
        FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = pg_catalog.pg_my_temp_schema()
            AND c.relname !~ '^(changed_\d+_\d+|dirty_\d+_\d+|new_\d+(_key)?|differences_\d+)$'
    )
$$;
