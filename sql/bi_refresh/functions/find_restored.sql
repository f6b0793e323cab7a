-- Finds what captures and maintained tables stand for by its name, where a dump was loaded: everything has another OID there. One
-- row for each captured table that was lost and found.
CREATE OR REPLACE FUNCTION bi_refresh.find_restored()
RETURNS TABLE (relation text, action text)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    captured record;
    found_oids CONSTANT jsonb := (
        SELECT pg_catalog.jsonb_object_agg(t.id, triggers.top)
        FROM bi_refresh.captured_table AS t
        CROSS JOIN LATERAL (
            SELECT pg_catalog.max(bi_refresh.captured_top(g.tgrelid)::bigint) AS top
            FROM pg_catalog.pg_trigger AS g
            WHERE g.tgfoid = ANY (bi_refresh.capture_function_oids(t.id))
            -- a partition that left its tree keeps its triggers for a while
            HAVING pg_catalog.count(DISTINCT bi_refresh.captured_top(g.tgrelid)) = 1
        ) AS triggers
        WHERE NOT EXISTS (
            SELECT FROM pg_catalog.pg_trigger AS g
            WHERE g.tgrelid = t.relation AND g.tgname = pg_catalog.format('bi_refresh_capture_truncate_%s', t.id)
        )
    );
BEGIN
    IF found_oids IS NULL THEN
        RETURN;
    END IF;
    -- An OID may be another's here, and no two are the same at any time: 4294967295 and below stand for nothing.
    UPDATE bi_refresh.captured_table AS t
    SET relation = (4294967295 - t.id)::oid
    WHERE found_oids ? t.id::text;
    FOR captured IN
        UPDATE bi_refresh.captured_table AS t
        SET relation = (found_oids ->> t.id::text)::oid
        WHERE found_oids ? t.id::text
        RETURNING t.relation::pg_catalog.regclass::text AS name
    LOOP
        relation := captured.name;
        action := 'found again';
        RETURN NEXT;
    END LOOP;

    UPDATE bi_refresh.maintained_table AS m
    SET relation = by_name.relation, definition = by_name.definition, whole = by_name.whole, structure = NULL
    FROM (
        SELECT
            t.id,
            bi_refresh.view_oid(t.view_name) AS output,
            pg_catalog.format('table_%s', t.id) AS table_name,
            CASE WHEN t.stage IS NULL THEN bi_refresh.view_oid(t.view_name) ELSE kept.relation END AS relation,
            CASE WHEN t.definition IS NOT NULL THEN kept.definition END AS definition,
            CASE WHEN t.whole IS NOT NULL THEN kept.whole END AS whole
        FROM bi_refresh.maintained_table AS t
        CROSS JOIN LATERAL (
            SELECT
                pg_catalog.to_regclass(pg_catalog.format('bi_refresh_incremental.table_%s', t.id))::oid AS relation,
                pg_catalog.to_regclass(pg_catalog.format('bi_refresh_incremental.definition_%s', t.id))::oid AS definition,
                pg_catalog.to_regclass(pg_catalog.format('bi_refresh_incremental.whole_%s', t.id))::oid AS whole
        ) AS kept
    ) AS by_name
    WHERE m.id = by_name.id
        AND by_name.relation IS NOT NULL
        -- one that is being built has not the view's name yet
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_class AS c
            WHERE c.oid = m.relation AND (c.oid = by_name.output OR c.relname = by_name.table_name)
        );
END
$$;
