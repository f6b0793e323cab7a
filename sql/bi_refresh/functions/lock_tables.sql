-- Keeps TRUNCATE, rewrites and other DDL away from tables to the end of the transaction; readers and writers go on.
CREATE OR REPLACE FUNCTION bi_refresh.lock_tables(relations oid[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names text;
BEGIN
    SELECT pg_catalog.string_agg('ONLY ' || c.oid::pg_catalog.regclass::text, ', ' ORDER BY c.oid) INTO names
    FROM pg_catalog.pg_class AS c
    WHERE c.oid = ANY (relations) AND c.relkind = 'r';
    IF names IS NOT NULL THEN
        EXECUTE 'LOCK TABLE ' || names || ' IN ACCESS SHARE MODE';
    END IF;
END
$$;
