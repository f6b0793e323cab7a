-- Drops what find_dirty_slices() made: a transaction may refresh a view twice.
CREATE OR REPLACE FUNCTION bi_refresh.drop_dirty_slices(target bi_refresh.maintained_table, cuts integer[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    names CONSTANT text := (
        SELECT pg_catalog.string_agg(pg_catalog.format('pg_temp.dirty_%s_%s', target.id, c.cut), ', ')
        FROM pg_catalog.unnest(cuts) AS c (cut)
    );
BEGIN
    IF names IS NOT NULL THEN
        PERFORM bi_refresh.execute_as_owner(target.id, 'DROP TABLE ' || names);
    END IF;
END
$$;
