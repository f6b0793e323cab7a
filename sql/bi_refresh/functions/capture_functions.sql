-- The trigger functions that captured tables need, and whether they are there as capture_body() gives them.
CREATE OR REPLACE FUNCTION bi_refresh.capture_functions(capture_ids integer[])
RETURNS TABLE (capture_id integer, name name, body text, is_right boolean)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    t.id,
    needed.name,
    needed.body,
    EXISTS (
        SELECT FROM pg_catalog.pg_proc AS p
        WHERE p.oid = pg_catalog.to_regproc(pg_catalog.format('bi_refresh_incremental.%I', needed.name))
            AND p.prosrc = needed.body
            AND p.prosecdef
    )
FROM bi_refresh.captured_table AS t
CROSS JOIN LATERAL (
    SELECT g.function_name AS name, bi_refresh.capture_body(t, g.event, g.by_row) AS body
    FROM bi_refresh.capture_triggers(ARRAY[t.id]) AS g
    GROUP BY g.function_name, g.event, g.by_row
) AS needed
WHERE t.id = ANY (capture_ids)
$$;
