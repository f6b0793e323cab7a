-- Ends the log row of a refresh and moves the view's data timestamp, in the transaction that changed the data.
CREATE OR REPLACE FUNCTION bi_refresh.record_success(
    log_id bigint, snapshot_at timestamptz, inserted bigint, deleted bigint, total bigint
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
        (view_name, view_oid, definition_hash, data_timestamp, last_success_at, rows_total)
    SELECT
        p.view_name, entry.view_oid, pg_catalog.md5(pg_catalog.pg_get_viewdef(entry.view_oid)), snapshot_at,
        entry.finished_at, total
    -- nothing to keep where the policy was removed meanwhile; and a lock against its being removed now
    FROM bi_refresh.view_policy AS p
    WHERE p.view_name = entry.view_name
    FOR KEY SHARE
    ON CONFLICT ON CONSTRAINT view_state_pkey DO UPDATE
    SET view_oid = excluded.view_oid,
        definition_hash = excluded.definition_hash,
        data_timestamp = excluded.data_timestamp,
        last_success_at = excluded.last_success_at,
        rows_total = excluded.rows_total,
        consecutive_failures = 0,
        failing_since = NULL;
    RETURN entry;
END
$$;
