-- Why a maintained table is to be computed in full though its structure is known, in words; NULL: what was claimed can be brought in
-- slice by slice.
--   moments      what its contents depend on of date and time, as of now
--   changed      the captured tables with changes
--   everything   those of them of which it is not known what changed
CREATE OR REPLACE FUNCTION bi_refresh.why_in_full(
    target bi_refresh.maintained_table, moments jsonb, changed integer[], everything integer[]
)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT coalesce(
            (
                SELECT pg_catalog.string_agg(
                    CASE
                        WHEN s.slice IS NULL AND target.kind = 'slices'
                            THEN pg_catalog.format(
                                '%s changed, and any of its rows may touch every row%s',
                                coalesce('the stage ' || stage.stage, c.relation::pg_catalog.regclass::text),
                                ' (' || s.reason || ')'
                            )
                        ELSE pg_catalog.format(
                            '%s was truncated, or changed by more rows than are kept',
                            coalesce('the stage ' || stage.stage, c.relation::pg_catalog.regclass::text)
                        )
                    END, '; ' ORDER BY s.capture_id
                )
                FROM bi_refresh.maintained_source AS s
                INNER JOIN bi_refresh.captured_table AS c ON s.capture_id = c.id
                LEFT JOIN bi_refresh.maintained_table AS stage ON c.relation = stage.relation AND stage.stage IS NOT NULL
                WHERE s.table_id = target.id
                    AND (s.capture_id = ANY (everything) OR (s.slice IS NULL AND target.kind = 'slices' AND s.capture_id = ANY (changed)))
            ),
            (
                SELECT pg_catalog.string_agg(k.detail || ' has moved, and it is no window', '; ' ORDER BY k.detail)
                FROM pg_catalog.unnest(target.moving) AS k (detail)
                -- what is not known to be as it was has moved
                WHERE (target.moments ->> k.detail = moments ->> k.detail) IS NOT true
            ),
            (
                SELECT pg_catalog.string_agg(k.detail || ' has moved, and no window is known', '; ' ORDER BY k.detail)
                FROM pg_catalog.jsonb_each_text(moments) AS k (detail, moment)
                WHERE target.moments ->> k.detail IS DISTINCT FROM k.moment
                    AND NOT EXISTS (
                        SELECT FROM bi_refresh.maintained_source AS s WHERE s.table_id = target.id AND s.slides <> '[]'
                    )
            )
        )
    );
END
$$;
