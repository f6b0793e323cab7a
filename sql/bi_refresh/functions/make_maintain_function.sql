-- Makes the function by which refreshes of a maintained table act with the rights of its owner: the defining query, the functions
-- that it calls and whatever the owner has put on the table must not run with those of bi_refresh's owner. It executes what it
-- is given, and nobody but bi_refresh's owner can reach it: the table's owner, to whom it has to belong, may not use its schema, so
-- he can neither alter nor replace it.
CREATE OR REPLACE FUNCTION bi_refresh.make_maintain_function(table_id integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    refresher CONSTANT name := (
        SELECT pg_catalog.pg_get_userbyid(n.nspowner) FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'bi_refresh'
    );
    signature CONSTANT text := pg_catalog.format('bi_refresh_as_owner.maintain_%s(text, boolean)', table_id);
    body CONSTANT text := $body$
DECLARE
    value jsonb;
    affected bigint;
BEGIN
    IF returns_value THEN
        EXECUTE statement INTO value;
        RETURN value;
    END IF;
    EXECUTE statement;
    GET DIAGNOSTICS affected = ROW_COUNT;
    RETURN pg_catalog.to_jsonb(affected);
END
$body$;
    relation oid;
    owner name;
BEGIN
    SELECT m.relation INTO relation FROM bi_refresh.maintained_table AS m WHERE m.id = table_id;
    owner := bi_refresh.owner_of(relation);
    IF owner IS NULL THEN
        RAISE EXCEPTION 'maintained table % does not exist', table_id USING ERRCODE = 'undefined_table';
    ELSIF NOT pg_catalog.pg_has_role(owner, 'USAGE') THEN
        RAISE EXCEPTION '% cannot be maintained: % is not its owner', relation::pg_catalog.regclass, current_user
        USING ERRCODE = 'insufficient_privilege', HINT = pg_catalog.format('As %1$I: GRANT %1$I TO %2$I;', owner, current_user);
    END IF;

    -- as in give_to_owner()
    PERFORM pg_catalog.pg_advisory_xact_lock(1447446351);
    PERFORM bi_refresh.drop_maintain_function(table_id);
    EXECUTE pg_catalog.format(
        'CREATE FUNCTION bi_refresh_as_owner.maintain_%s(statement text, returns_value boolean) RETURNS jsonb LANGUAGE plpgsql '
        'SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS %L',
        table_id, body
    );
    EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', signature);
    IF owner <> current_user THEN
        -- who is given a function must be allowed to make one there
        EXECUTE pg_catalog.format('GRANT CREATE ON SCHEMA bi_refresh_as_owner TO %I', owner);
        EXECUTE pg_catalog.format('ALTER FUNCTION %s OWNER TO %I', signature, owner);
        EXECUTE pg_catalog.format('REVOKE CREATE ON SCHEMA bi_refresh_as_owner FROM %I', owner);
    END IF;
    IF owner <> refresher THEN
        EXECUTE pg_catalog.format('GRANT EXECUTE ON FUNCTION %s TO %I', signature, refresher);
    END IF;
    IF NOT pg_catalog.has_schema_privilege(owner, 'bi_refresh_incremental', 'USAGE') THEN
        EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA bi_refresh_incremental TO %I', owner);
    END IF;
END
$$;
