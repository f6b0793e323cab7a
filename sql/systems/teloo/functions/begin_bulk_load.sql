-- Drops what would be checked or maintained row by row: a table's keys and indexes. Returns the statements that bring
-- them back, which check and build everything at once, many times faster.
CREATE OR REPLACE FUNCTION teloo.begin_bulk_load(target regclass)
RETURNS text[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    restoring text[] := '{}';
    dropped record;
BEGIN
    FOR dropped IN
        SELECT conname AS name, pg_get_constraintdef(oid) AS definition
        FROM pg_constraint
        WHERE conrelid = target AND contype IN ('p', 'f', 'u')
        ORDER BY conname COLLATE "C"
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', target, dropped.name);
        restoring := restoring || format('ALTER TABLE %s ADD CONSTRAINT %I %s', target, dropped.name, dropped.definition);
    END LOOP;

    FOR dropped IN
        SELECT i.indexrelid::regclass AS name, pg_get_indexdef(i.indexrelid) AS definition
        FROM pg_index AS i
        WHERE i.indrelid = target
            AND NOT EXISTS (SELECT FROM pg_constraint AS c WHERE c.conindid = i.indexrelid)
        ORDER BY i.indexrelid
    LOOP
        EXECUTE format('DROP INDEX %s', dropped.name);
        restoring := restoring || dropped.definition;
    END LOOP;

    RETURN restoring;
END
$$;
