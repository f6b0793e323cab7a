-- The tables whose changes are captured for a view.
SELECT
    c.relation::regclass::text AS relation,
    s.slice IS NOT NULL AS is_direct
FROM bi_refresh.maintained_table AS t
INNER JOIN bi_refresh.maintained_source AS s ON t.id = s.table_id
INNER JOIN bi_refresh.captured_table AS c ON s.capture_id = c.id
WHERE t.view_name = %(view)s
ORDER BY t.position, relation
