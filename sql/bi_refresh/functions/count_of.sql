-- "1 table", "5 tables".
CREATE OR REPLACE FUNCTION bi_refresh.count_of(number bigint, noun text)
RETURNS text
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT number || ' ' || noun || CASE number WHEN 1 THEN '' ELSE 's' END
$$;
