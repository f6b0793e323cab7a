-- The materialized and incremental views that are somebody's own, as planning needs them. The usable unique index as usable_unique_index() chooses it.
SELECT
    c.oid,
    format('%%I.%%I', n.nspname, c.relname) AS name,
    c.relispopulated AS is_populated,
    usable.name AS unique_index
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
LEFT JOIN LATERAL (
    SELECT i.indexrelid::regclass::text AS name
    FROM pg_index AS i
    WHERE i.indrelid = c.oid
        AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
    ORDER BY i.indnkeyatts, i.indexrelid
    LIMIT 1
) AS usable ON true
WHERE (
    c.relkind = 'm'
    OR c.oid IN (
        SELECT m.relation
        FROM bi_refresh.maintained_table AS m
        WHERE m.stage IS NULL AND m.relation IS NOT NULL
    )
)
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'bi_refresh_incremental')
    AND n.nspname !~ '^pg_(toast|temp)'
    -- an extension's own views are its own affair
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY name
