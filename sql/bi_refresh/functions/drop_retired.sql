-- Drops what stood under a view's name before something else took its place (see take_name()). Returns their names. What somebody still
-- reads stays for the next call.
CREATE OR REPLACE FUNCTION bi_refresh.drop_retired()
RETURNS SETOF text
LANGUAGE plpgsql
SECURITY DEFINER
SET lock_timeout = '100ms'
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    retired record;
BEGIN
    FOR retired IN
        SELECT bi_refresh.kind_of(c.oid) AS kind, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_catalog.pg_class AS c
        INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
        WHERE n.nspname = 'bi_refresh_incremental' AND c.relname LIKE 'retired\_%' AND c.relkind IN ('r', 'm')
        ORDER BY c.oid
    LOOP
        BEGIN
            EXECUTE pg_catalog.format('DROP %s %s', retired.kind, retired.name);
            RETURN NEXT retired.name;
        EXCEPTION
            WHEN lock_not_available THEN
                NULL;
        END;
    END LOOP;
END
$$;
