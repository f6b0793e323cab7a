-- What is captured for a view, once for each of its tables that reads it.
--   stage      the captured table is that of a stage of the view's own
--   is_direct  a change of it costs what it touches; otherwise the table that reads it is made anew in full
SELECT
    c.relation::regclass::text AS relation,
    own.stage,
    -- a materialized view over stages is refreshed by PostgreSQL, whatever changed in them
    t.kind = 'linear' OR s.slice IS NOT NULL OR t.definition IS NULL AS is_direct
FROM bi_refresh.maintained_table AS t
INNER JOIN bi_refresh.maintained_source AS s ON t.id = s.table_id
INNER JOIN bi_refresh.captured_table AS c ON s.capture_id = c.id
LEFT JOIN bi_refresh.maintained_table AS own ON c.relation = own.relation AND t.view_name = own.view_name
WHERE t.view_name = %(view)s
ORDER BY t.position, relation
