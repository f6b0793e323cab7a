-- How long refreshes of a view took lately, in seconds; NULL: it has no history.
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY completed.duration_ms) / 1000 AS refresh_s
FROM (
    SELECT l.duration_ms
    FROM bi_refresh.mv_refresh_log AS l
    WHERE l.view_name = %(view)s AND l.status = 'completed' AND l.strategy IN ('concurrent', 'exclusive', 'difference')
    ORDER BY l.id DESC
    LIMIT 50
) AS completed
