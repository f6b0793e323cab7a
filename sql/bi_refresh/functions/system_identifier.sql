-- Which cluster this is; NULL where that may not be asked. In PL/pgSQL, for a SQL function's right to a call is checked even
-- where the call is not reached.
CREATE OR REPLACE FUNCTION bi_refresh.system_identifier()
RETURNS bigint
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') THEN
        RETURN (SELECT s.system_identifier FROM pg_catalog.pg_control_system() AS s);
    END IF;
    RETURN NULL;
END
$$;
