-- How long each view's last refreshes took: the 95th percentile of up to 50.
SELECT
    completed.view_name,
    percentile_cont(0.95) WITHIN GROUP (ORDER BY completed.duration_ms) / 1000 AS p95_s,
    count(*) AS refreshes
FROM (
    SELECT
        l.view_name,
        l.duration_ms,
        row_number() OVER (PARTITION BY l.view_name ORDER BY l.id DESC) AS newest
    FROM bi_refresh.mv_refresh_log AS l
    WHERE l.status = 'completed'
) AS completed
WHERE completed.newest <= 50
GROUP BY completed.view_name
