-- The session's temporary tables and other relations but those that refreshes make for themselves.
CREATE OR REPLACE FUNCTION bi_refresh.temporary_objects()
RETURNS oid[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT ARRAY(
    SELECT c.oid
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = pg_catalog.pg_my_temp_schema()
        AND c.relname !~ '^(changed|dirty|new|differences)_\d'
    ORDER BY c.oid
)
$$;
