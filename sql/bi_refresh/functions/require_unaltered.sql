-- Raises serialization_failure where moved_relation() or altered_relation() finds one, of the relations that this transaction has
-- read: the caller tries again under a new snapshot.
CREATE OR REPLACE FUNCTION bi_refresh.require_unaltered(relations oid[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    altered text;
BEGIN
    PERFORM bi_refresh.require_unmoved(relations);
    altered := bi_refresh.altered_relation(relations);
    IF altered IS NOT NULL THEN
        RAISE EXCEPTION '% was altered, attached, detached or granted to somebody after this transaction''s snapshot', altered
        USING ERRCODE = 'serialization_failure', HINT = 'Try again: a new snapshot sees it as it is now.';
    END IF;
END
$$;
