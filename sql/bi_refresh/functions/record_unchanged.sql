-- Ends the log row of a view beneath which nothing changed: its contents are right for this transaction's snapshot, too, so its
-- data timestamp moves as if they had been made anew.
--   fingerprint   the one of its contents, as of this snapshot
CREATE OR REPLACE FUNCTION bi_refresh.record_unchanged(
    log_id bigint, reason text, fingerprint jsonb, fingerprint_ms double precision
)
RETURNS bi_refresh.mv_refresh_log
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry bi_refresh.mv_refresh_log;
BEGIN
    UPDATE bi_refresh.mv_refresh_log AS l
    SET status = 'skipped',
        strategy = 'skip',
        reason = record_unchanged.reason,
        finished_at = pg_catalog.clock_timestamp(),
        duration_ms = pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - l.started_at) * 1000,
        data_timestamp = pg_catalog.transaction_timestamp(),
        fingerprint_ms = record_unchanged.fingerprint_ms
    WHERE l.id = log_id
    RETURNING l.* INTO entry;

    UPDATE bi_refresh.view_state AS s
    SET data_timestamp = entry.data_timestamp,
        global_data_timestamp = bi_refresh.oldest_data_timestamp(
            entry.view_oid, entry.data_timestamp, record_unchanged.fingerprint
        ),
        last_success_at = entry.finished_at,
        fingerprint = record_unchanged.fingerprint,
        checks_passed_over = 0,
        consecutive_failures = 0,
        failing_since = NULL,
        suspended_at = NULL,
        probe_at = NULL
    WHERE s.view_name = entry.view_name;
    RETURN entry;
END
$$;
