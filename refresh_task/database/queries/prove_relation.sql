-- A view or materialized view as it is proved: its query (an ordinary view's by its name, so that it reads with its owner's rights),
-- and the unique indexes that rows can be matched by. caseless_columns: those by whose collation different texts may be equal.
SELECT
    c.oid,
    format('%%I.%%I', n.nspname, c.relname) AS name,
    c.relkind::text AS kind,
    c.relowner::bigint AS owner,
    CASE
        WHEN c.relkind = 'v' THEN format('SELECT * FROM %%I.%%I', n.nspname, c.relname)
        ELSE rtrim(pg_get_viewdef(c.oid), '; ')
    END AS query,
    rtrim(pg_get_viewdef(c.oid), '; ') AS definition,
    (
        SELECT coalesce(array_agg(a.attname::text), '{}')
        FROM pg_attribute AS a
        INNER JOIN pg_collation AS l ON a.attcollation = l.oid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT l.collisdeterministic
    ) AS caseless_columns,
    (
        SELECT coalesce(json_agg(usable.columns ORDER BY cardinality(usable.columns), usable.indexrelid), '[]')
        FROM (
            SELECT
                i.indexrelid,
                (
                    SELECT array_agg(a.attname::text ORDER BY k.ordinality)
                    FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, ordinality)
                    INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND k.attnum = a.attnum
                    WHERE k.ordinality <= i.indnkeyatts
                ) AS columns
            FROM pg_index AS i
            WHERE i.indrelid = c.oid
                AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
        ) AS usable
    ) AS unique_keys
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE c.oid = %(relation)s AND c.relkind IN ('v', 'm')
