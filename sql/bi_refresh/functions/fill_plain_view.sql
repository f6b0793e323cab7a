-- Fills the materialized view that a view is to be again. Its rows are there for every snapshot, older ones, too:
-- REFRESH writes them frozen. Returns the moment that they are right for.
CREATE OR REPLACE FUNCTION bi_refresh.fill_plain_view(relation oid)
RETURNS timestamptz
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    snapshot_at CONSTANT timestamptz := pg_catalog.clock_timestamp();
    is_populated boolean;
BEGIN
    SELECT c.relispopulated INTO STRICT is_populated FROM pg_catalog.pg_class AS c WHERE c.oid = relation;
    EXECUTE pg_catalog.format(
        'REFRESH MATERIALIZED VIEW %s %s',
        CASE WHEN is_populated AND bi_refresh.usable_unique_index(relation) IS NOT NULL THEN 'CONCURRENTLY' END,
        relation::pg_catalog.regclass
    );
    RETURN snapshot_at;
END
$$;
