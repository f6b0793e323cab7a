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
INNER JOIN (
    SELECT m.capture_id, pg_catalog.bool_or(m.by_row) AS by_row
    FROM bi_refresh.capture_members(capture_ids) AS m
    GROUP BY m.capture_id
) AS tree ON t.id = tree.capture_id
CROSS JOIN LATERAL (
    SELECT pg_catalog.format('capture_%s', t.id)::name AS name, bi_refresh.capture_body(t, false) AS body
    UNION ALL
    SELECT pg_catalog.format('capture_row_%s', t.id)::name, bi_refresh.capture_body(t, true)
    WHERE tree.by_row
) AS needed
WHERE t.id = ANY (capture_ids)
$$;
