-- The unique indexes of the given views, and whether REFRESH ... CONCURRENTLY can match rows by them.
SELECT
    i.indrelid AS view_oid,
    i.indexrelid AS oid,
    i.indexrelid::regclass::text AS name,
    i.indisvalid AS is_valid,
    i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL AS is_usable,
    i.indpred IS NOT NULL AS is_partial,
    i.indexprs IS NOT NULL AS has_expressions,
    (
        SELECT array_agg(a.attname::text ORDER BY k.ordinality)
        FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, ordinality)
        INNER JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND k.attnum = a.attnum
        WHERE k.ordinality <= i.indnkeyatts
    ) AS columns
FROM pg_index AS i
WHERE i.indrelid = any(%(views)s::oid []) AND i.indisunique
ORDER BY i.indrelid, i.indnkeyatts, i.indexrelid
