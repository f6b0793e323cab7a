-- What code that a refresh runs for a view's owner could leave behind for the next view's, or for whoever goes on in the session:
-- settings that results or rights depend on, and whatever is in the temporary schema but what refreshes make there for themselves.
CREATE OR REPLACE FUNCTION bi_refresh.session_state(OUT settings jsonb, OUT objects text[])
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    (
        SELECT pg_catalog.jsonb_object_agg(s.name, s.setting)
        FROM pg_catalog.pg_settings AS s
        WHERE s.context IN ('user', 'superuser')
            AND s.category !~ '^(Query Tuning|Resource Usage|Reporting and Logging|Statistics)'
            AND s.name NOT IN ('application_name', 'client_min_messages')
    ),
    ARRAY(
        SELECT pg_catalog.pg_describe_object(d.classid, d.objid, 0)
        FROM pg_catalog.pg_depend AS d
        WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass AND d.refobjid = pg_catalog.pg_my_temp_schema()
            AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_class AS c
                WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND c.oid = d.objid
                    AND c.relname ~ '^changed_\d+_\d+$' AND pg_catalog.pg_get_userbyid(c.relowner) = current_user
            )
    )
$$;
