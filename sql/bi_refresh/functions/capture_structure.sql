-- What makes captured tables' logs complete, as one digest: two equal ones under two snapshots mean that in between the same
-- triggers stood on the same tables, always enabled or not. A column more is no difference: entries say their layout themselves.
CREATE OR REPLACE FUNCTION bi_refresh.capture_structure(capture_ids integer[])
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.md5(coalesce(pg_catalog.string_agg(
    pg_catalog.concat_ws('/', g.capture_id, g.relation, g.event, g.version, g.is_right), ' '
    ORDER BY g.capture_id, g.relation, g.event
), ''))
FROM bi_refresh.capture_triggers(capture_ids) AS g
$$;
