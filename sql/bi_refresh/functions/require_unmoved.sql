-- Raises serialization_failure where moved_relation() finds one: the caller tries again under a new snapshot. Only while locks
-- are held on them does the answer stay right.
CREATE OR REPLACE FUNCTION bi_refresh.require_unmoved(relations oid[])
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moved CONSTANT text := bi_refresh.moved_relation(relations);
BEGIN
    IF moved IS NOT NULL THEN
        RAISE EXCEPTION '% was truncated or rewritten after this transaction''s snapshot', moved
        USING ERRCODE = 'serialization_failure', HINT = 'Try again: a new snapshot sees the table as it is now.';
    END IF;
END
$$;
