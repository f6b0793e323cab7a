-- Before a refresh takes its snapshot, waits for whoever is moving changes that it must move itself, and keeps others from it until
-- release_claims: what was moved after the snapshot would make it fail. By session, and in the order of lock_claims().
SELECT pg_advisory_lock(1447445577, moved.capture_id) -- as in move_entries()
FROM (
    SELECT s.capture_id
    FROM bi_refresh.maintained_table AS t
    INNER JOIN bi_refresh.maintained_source AS s ON t.id = s.table_id
    WHERE t.view_name = any(%(views)s::text []) AND bi_refresh.must_move(t.id, s.capture_id)
    GROUP BY s.capture_id
    ORDER BY s.capture_id
    OFFSET 0
) AS moved
