-- Ends the log row of a refresh and moves the view's data timestamp, in the transaction that changed the data.
--   fingerprint   of what the contents were made from; NULL: not known, so the next step for the view cannot be skipped
CREATE OR REPLACE FUNCTION bi_refresh.record_success(
    log_id bigint, snapshot_at timestamptz, inserted bigint, deleted bigint, total bigint,
    fingerprint jsonb DEFAULT NULL
)
RETURNS bi_refresh.mv_refresh_log
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry bi_refresh.mv_refresh_log;
BEGIN
    UPDATE bi_refresh.mv_refresh_log AS l
    SET status = 'completed',
        finished_at = pg_catalog.clock_timestamp(),
        duration_ms = pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - l.started_at) * 1000,
        data_timestamp = snapshot_at,
        rows_inserted = inserted,
        rows_deleted = deleted,
        rows_total = total
    WHERE l.id = log_id
    RETURNING l.* INTO entry;

    INSERT INTO bi_refresh.view_state AS s
        (
            view_name, view_oid, definition_hash, data_timestamp, global_data_timestamp, last_success_at, refreshed_at,
            rows_total, fingerprint, checks_passed_over, churned_rows
        )
    SELECT
        p.view_name,
        entry.view_oid,
        record_success.fingerprint ->> 'structure',
        snapshot_at,
        bi_refresh.oldest_data_timestamp(entry.view_oid, snapshot_at, record_success.fingerprint),
        entry.finished_at,
        entry.finished_at,
        total,
        record_success.fingerprint,
        CASE WHEN entry.fingerprint_ms IS NULL THEN 1 ELSE 0 END,
        CASE entry.strategy WHEN 'exclusive' THEN 0 ELSE coalesce(deleted, 0) END
    -- nothing to keep where the policy was removed meanwhile; and a lock against its being removed now
    FROM bi_refresh.view_policy AS p
    WHERE p.view_name = entry.view_name
    FOR KEY SHARE
    ON CONFLICT ON CONSTRAINT view_state_pkey DO UPDATE
    SET view_oid = excluded.view_oid,
        definition_hash = excluded.definition_hash,
        data_timestamp = excluded.data_timestamp,
        global_data_timestamp = excluded.global_data_timestamp,
        last_success_at = excluded.last_success_at,
        refreshed_at = excluded.refreshed_at,
        rows_total = excluded.rows_total,
        fingerprint = excluded.fingerprint,
        checks_passed_over = CASE excluded.checks_passed_over WHEN 0 THEN 0 ELSE s.checks_passed_over + 1 END,
        -- a refresh without CONCURRENTLY has left the dead rows behind with the former file
        churned_rows = CASE entry.strategy WHEN 'exclusive' THEN 0 ELSE s.churned_rows + excluded.churned_rows END,
        consecutive_failures = 0,
        failing_since = NULL,
        suspended_at = NULL,
        probe_at = NULL;
    RETURN entry;
END
$$;
