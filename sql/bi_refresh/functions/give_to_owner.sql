-- Gives something in bi_refresh_incremental to the owner of the view that it was made for. An owner must be allowed
-- to create in the schema at that moment, and at no other.
CREATE OR REPLACE FUNCTION bi_refresh.give_to_owner(kind text, object_name text, owner oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_owner CONSTANT name := pg_catalog.pg_get_userbyid(owner);
    may_create CONSTANT boolean := pg_catalog.has_schema_privilege(owner, 'bi_refresh_incremental', 'CREATE');
BEGIN
    IF NOT may_create THEN
        -- 'VFGO': two sessions that change the schema's grants at once would fail (tuple concurrently updated)
        PERFORM pg_catalog.pg_advisory_xact_lock(1447446351);
        EXECUTE pg_catalog.format('GRANT CREATE ON SCHEMA bi_refresh_incremental TO %I', new_owner);
    END IF;
    EXECUTE pg_catalog.format('ALTER %s %s OWNER TO %I', kind, object_name, new_owner);
    IF NOT may_create THEN
        EXECUTE pg_catalog.format('REVOKE CREATE ON SCHEMA bi_refresh_incremental FROM %I', new_owner);
    END IF;
END
$$;
