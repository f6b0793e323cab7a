-- Ends the log row of a view that was left alone, with the reason in words.
CREATE OR REPLACE FUNCTION bi_refresh.record_skip(log_id bigint, skip_reason text)
RETURNS bi_refresh.mv_refresh_log
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
UPDATE bi_refresh.mv_refresh_log AS l
SET status = 'skipped',
    strategy = 'skip',
    reason = skip_reason,
    finished_at = pg_catalog.clock_timestamp(),
    duration_ms = 0
WHERE l.id = log_id
RETURNING l.*
$$;
