-- Makes a relation's storage parameters, those of its TOAST table and those of its columns another one's.
CREATE OR REPLACE FUNCTION bi_refresh.copy_storage(source oid, target oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    change text;
    target_name CONSTANT text := target::pg_catalog.regclass;
    -- both kinds are altered by the same words
    kind CONSTANT text := (
        SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END FROM pg_catalog.pg_class AS c WHERE c.oid = target
    );
BEGIN
    FOR change IN
        SELECT pg_catalog.format('SET (%s%I = %L)', options.prefix, o.option_name, o.option_value)
        FROM pg_catalog.pg_class AS c
        LEFT JOIN pg_catalog.pg_class AS toast ON c.reltoastrelid = toast.oid
        CROSS JOIN LATERAL (VALUES ('', c.reloptions), ('toast.', toast.reloptions)) AS options (prefix, list)
        CROSS JOIN LATERAL pg_catalog.pg_options_to_table(options.list) AS o
        WHERE c.oid = source
        UNION ALL
        SELECT pg_catalog.format('ALTER COLUMN %I %s', a.attname, setting.clause)
        FROM pg_catalog.pg_attribute AS a
        INNER JOIN pg_catalog.pg_attribute AS own
            ON own.attrelid = target AND a.attname = own.attname AND NOT own.attisdropped
        CROSS JOIN LATERAL (
            VALUES
            (
                CASE
                    WHEN a.attstorage <> own.attstorage THEN 'SET STORAGE ' || (
                        CASE a.attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'x' THEN 'EXTENDED' ELSE 'MAIN' END
                    )
                END
            ),
            (
                CASE
                    WHEN a.attcompression <> own.attcompression THEN 'SET COMPRESSION ' || (
                        CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' ELSE 'default' END
                    )
                END
            ),
            (CASE WHEN coalesce(a.attstattarget, -1) >= 0 THEN pg_catalog.format('SET STATISTICS %s', a.attstattarget) END),
            (
                (
                    SELECT pg_catalog.format(
                        'SET (%s)', pg_catalog.string_agg(pg_catalog.format('%I = %L', o.option_name, o.option_value), ', ')
                    )
                    FROM pg_catalog.pg_options_to_table(a.attoptions) AS o
                    HAVING pg_catalog.count(*) > 0
                )
            )
        ) AS setting (clause)
        WHERE a.attrelid = source AND a.attnum > 0 AND NOT a.attisdropped AND setting.clause IS NOT NULL
    LOOP
        EXECUTE pg_catalog.format('ALTER %s %s %s', kind, target_name, change);
    END LOOP;
END
$$;
