-- The unique index that REFRESH ... CONCURRENTLY can match rows by: on plain columns, whole, valid. NULL: there is none.
-- Among several, the one with the fewest columns; then the oldest.
CREATE OR REPLACE FUNCTION bi_refresh.usable_unique_index(view_oid oid)
RETURNS oid
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT i.indexrelid
FROM pg_catalog.pg_index AS i
WHERE i.indrelid = view_oid
    AND i.indisunique
    AND i.indisvalid
    AND i.indimmediate
    AND i.indpred IS NULL
    AND i.indexprs IS NULL
ORDER BY i.indnkeyatts, i.indexrelid
LIMIT 1
$$;
