-- The session's cursors that outlive the transaction: the query of one is run once more at its end, with the session's rights.
CREATE OR REPLACE FUNCTION bi_refresh.lasting_cursors()
RETURNS text[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT ARRAY(
    SELECT c.creation_time || ' ' || c.name
    FROM pg_catalog.pg_cursors AS c
    WHERE c.is_holdable
    ORDER BY c.creation_time, c.name
)
$$;
