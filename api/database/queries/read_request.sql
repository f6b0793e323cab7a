-- An entry of the event queue, and the attempt that served it or, while it waits, the newest one since it was made.
SELECT
    request.id,
    request.view_name,
    request.refresh_requested AS is_waiting,
    request.created_at AS requested_at,
    attempt.status AS attempt_status,
    attempt.id AS log_id,
    attempt.started_at,
    attempt.finished_at,
    attempt.duration_ms,
    attempt.rows_total,
    attempt.reason,
    attempt.sqlstate,
    attempt.error,
    attempt.remedy
FROM bi_refresh.mv_refresh_triggers AS request
LEFT JOIN LATERAL (
    SELECT
        entry.id,
        entry.started_at,
        entry.finished_at,
        entry.duration_ms,
        entry.rows_total,
        entry.reason,
        entry.sqlstate,
        entry.error,
        entry.remedy,
        CASE
            -- left behind by a killed task or server; the next run will say so in the log
            WHEN entry.status = 'running' AND NOT EXISTS (
                SELECT FROM pg_stat_activity AS activity
                WHERE activity.pid = entry.backend_pid
            ) THEN 'abandoned'
            ELSE entry.status
        END AS status
    FROM bi_refresh.mv_refresh_log AS entry
    WHERE
        CASE
            WHEN request.log_id IS NOT NULL THEN entry.id = request.log_id
            ELSE
                entry.view_name = request.view_name
                AND entry.created_at >= request.created_at
                AND entry.status <> 'skipped'
        END
    ORDER BY entry.id DESC
    LIMIT 1
) AS attempt ON true
WHERE request.id = %(request_id)s
