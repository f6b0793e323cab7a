-- A thin wrapper in schema public for callers that use unqualified names. Never replaces what it did not make itself: then it
-- says what stands in the way.
--   more_columns  expressions of the target's columns that the alias has besides, as in a SELECT
CREATE OR REPLACE FUNCTION bi_refresh.create_public_alias(target regclass, more_columns text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    alias_mark CONSTANT text := 'Vistafresca: another name for ' || target;
    alias_name CONSTANT text := (SELECT pg_catalog.quote_ident(c.relname) FROM pg_catalog.pg_class AS c WHERE c.oid = target);
    existing CONSTANT oid := pg_catalog.to_regclass('public.' || alias_name);
BEGIN
    -- A comment alone proves nothing: whoever may create in public could have put it there.
    IF existing IS NOT NULL AND (
        pg_catalog.obj_description(existing, 'pg_class') IS DISTINCT FROM alias_mark
        OR bi_refresh.owner_of(existing) <> current_user
    ) THEN
        RETURN pg_catalog.format('in the way: public.%s, so %s has no alias', alias_name, target);
    END IF;
    EXECUTE pg_catalog.format(
        'CREATE OR REPLACE VIEW public.%s AS SELECT %s FROM %s', alias_name, pg_catalog.concat_ws(', ', '*', more_columns), target
    );
    EXECUTE pg_catalog.format('COMMENT ON VIEW public.%s IS %L', alias_name, alias_mark);
    RETURN pg_catalog.format('public.%s stands for %s', alias_name, target);
END
$$;

CREATE OR REPLACE FUNCTION bi_refresh.create_public_alias(target regprocedure)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    alias_mark CONSTANT text := 'Vistafresca: another name for ' || target;
    wrapped record;
    existing oid;
BEGIN
    SELECT
        pg_catalog.quote_ident(p.proname) AS name,
        p.pronamespace::pg_catalog.regnamespace AS schema_name,
        pg_catalog.pg_get_function_arguments(p.oid) AS arguments,
        pg_catalog.pg_get_function_identity_arguments(p.oid) AS identity_arguments,
        pg_catalog.pg_get_function_result(p.oid) AS result,
        (SELECT pg_catalog.string_agg('$' || n, ', ' ORDER BY n) FROM pg_catalog.generate_series(1, p.pronargs) AS n) AS passed
    INTO STRICT wrapped
    FROM pg_catalog.pg_proc AS p
    WHERE p.oid = target;

    SELECT p.oid INTO existing
    FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = 'public'::pg_catalog.regnamespace
        AND pg_catalog.quote_ident(p.proname) = wrapped.name
        AND (
            pg_catalog.obj_description(p.oid, 'pg_proc') IS DISTINCT FROM alias_mark
            OR pg_catalog.pg_get_userbyid(p.proowner) <> current_user
        )
    LIMIT 1;
    IF existing IS NOT NULL THEN
        RETURN pg_catalog.format('in the way: %s, so %s has no alias', existing::pg_catalog.regprocedure, target);
    END IF;

    EXECUTE pg_catalog.format(
        'CREATE OR REPLACE FUNCTION public.%1$s(%2$s) RETURNS %3$s LANGUAGE sql '
        'AS $body$ SELECT * FROM %4$s.%1$s(%5$s) $body$',
        wrapped.name, wrapped.arguments, wrapped.result, wrapped.schema_name, coalesce(wrapped.passed, '')
    );
    EXECUTE pg_catalog.format(
        'COMMENT ON FUNCTION public.%s(%s) IS %L', wrapped.name, wrapped.identity_arguments, alias_mark
    );
    RETURN pg_catalog.format('public.%s stands for %s', wrapped.name, target);
END
$$;
