-- Drops what stood under a view's name before something else took its place (see take_name()), if that was so long
-- ago that nobody can be about to read it. Returns their names. What somebody still reads stays for the next call.
CREATE OR REPLACE FUNCTION bi_refresh.drop_retired(least_age interval DEFAULT '10 min')
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
        SELECT c.oid, bi_refresh.kind_of(c.oid) AS kind, pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
        FROM pg_catalog.pg_class AS c
        INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
        WHERE n.nspname = 'bi_refresh_incremental'
            AND c.relname ~ '^retired_[0-9]+_[0-9]+$'
            AND c.relkind IN ('r', 'm')
            AND pg_catalog.to_timestamp(pg_catalog.split_part(c.relname, '_', 3)::double precision)
            <= pg_catalog.clock_timestamp() - least_age
        -- what reads another one is the newer one
        ORDER BY c.oid DESC
    LOOP
        BEGIN
            -- what was built for a view that has another place now
            PERFORM bi_refresh.drop_dependents(retired.oid);
            EXECUTE pg_catalog.format('DROP %s %s', retired.kind, retired.name);
            RETURN QUERY SELECT retired.name;
        EXCEPTION
            WHEN lock_not_available OR dependent_objects_still_exist THEN -- a retired one that is still read reads it
                NULL;
        END;
    END LOOP;
END
$$;
