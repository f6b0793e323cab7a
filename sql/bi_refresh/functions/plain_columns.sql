-- The columns of a maintained table by their numbers, as numbered_columns() has them: is_plain where equal values are stored alike, so
-- that they may be compared by themselves; is_text where that is done by the rules of a language.
CREATE OR REPLACE FUNCTION bi_refresh.plain_columns(relation oid)
RETURNS TABLE (number bigint, is_plain boolean, is_text boolean)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    pg_catalog.row_number() OVER (ORDER BY a.attnum),
    bi_refresh.equal_is_identical(a.atttypid, a.attcollation),
    a.attcollation <> 0
FROM pg_catalog.pg_attribute AS a
WHERE a.attrelid = relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
$$;
