-- Gives a relation's successor a copy of one of its indexes, with everything: expressions, condition, included
-- columns, parameters, tablespace, statistics targets, comment. It has a name of its own until the successor takes
-- the relation's.
CREATE OR REPLACE FUNCTION bi_refresh.copy_index(index_oid oid, target oid)
RETURNS void
LANGUAGE plpgsql
SET default_tablespace = ''
SET search_path = pg_catalog, pg_temp -- the definition comes out with qualified names
AS $$
DECLARE
    definition CONSTANT text := pg_catalog.pg_get_indexdef(index_oid);
    copy_name CONSTANT text := pg_catalog.format('index_%s', index_oid);
    beginning text;
    target_name text;
    change text;
BEGIN
    SELECT
        pg_catalog.format(
            'CREATE %sINDEX %I ON %I.%I ', CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname, n.nspname, source.relname
        )
    INTO STRICT beginning
    FROM pg_catalog.pg_index AS i
    INNER JOIN pg_catalog.pg_class AS c ON i.indexrelid = c.oid
    INNER JOIN pg_catalog.pg_class AS source ON i.indrelid = source.oid
    INNER JOIN pg_catalog.pg_namespace AS n ON source.relnamespace = n.oid
    WHERE i.indexrelid = index_oid;
    IF NOT pg_catalog.starts_with(definition, beginning) THEN
        RAISE EXCEPTION 'the index % cannot be copied: its definition is %', index_oid::pg_catalog.regclass, definition
        USING ERRCODE = 'feature_not_supported';
    END IF;
    SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) INTO STRICT target_name
    FROM pg_catalog.pg_class AS c
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
    WHERE c.oid = target;

    EXECUTE pg_catalog.format('DROP INDEX IF EXISTS bi_refresh_incremental.%I', copy_name); -- invalid, or of another's
    PERFORM bi_refresh.use_storage_of(index_oid);
    EXECUTE pg_catalog.format(
        'CREATE %sINDEX %I ON %s %s', CASE WHEN beginning LIKE 'CREATE UNIQUE %' THEN 'UNIQUE ' END, copy_name, target_name,
        pg_catalog.substr(definition, pg_catalog.length(beginning) + 1)
    );
    FOR change IN
        SELECT pg_catalog.format(
            'ALTER INDEX bi_refresh_incremental.%I ALTER COLUMN %s SET STATISTICS %s', copy_name, a.attnum, a.attstattarget
        )
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = index_oid AND coalesce(a.attstattarget, -1) >= 0
        UNION ALL
        SELECT pg_catalog.format('ALTER TABLE %s CLUSTER ON %I', target_name, copy_name)
        FROM pg_catalog.pg_index AS i
        WHERE i.indexrelid = index_oid AND i.indisclustered
    LOOP
        EXECUTE change;
    END LOOP;
END
$$;
