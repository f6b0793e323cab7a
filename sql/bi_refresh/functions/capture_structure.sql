-- What makes captured tables' logs complete, as one digest: two equal ones under two snapshots mean that in between the same
-- triggers stood on the same tables, always enabled or not, and nothing above them. A column more is no difference: entries say
-- their layout themselves.
CREATE OR REPLACE FUNCTION bi_refresh.capture_structure(capture_ids integer[])
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH part AS (
    SELECT pg_catalog.concat_ws('/', g.capture_id, g.relation, g.event, g.version, g.is_right) AS text
    FROM bi_refresh.capture_triggers(capture_ids) AS g
    UNION ALL
    -- what is written through a table above fires the triggers up there
    SELECT pg_catalog.concat_ws('/', t.id, 'above', i.inhparent, i.xmin)
    FROM bi_refresh.captured_table AS t
    INNER JOIN pg_catalog.pg_inherits AS i ON t.relation = i.inhrelid
    WHERE t.id = ANY (capture_ids)
)

SELECT pg_catalog.md5(coalesce(pg_catalog.string_agg(part.text, ' ' ORDER BY part.text), ''))
FROM part
$$;
