-- Checks many views at once that are watched by touch triggers, in one statement of a REPEATABLE READ transaction. Those beneath
-- which nothing changed are recorded as skipped, as record_unchanged() does for one; returns their log rows. The others, and
-- those that another session is refreshing or that need their tables read, are left to a step of their own.
CREATE OR REPLACE FUNCTION bi_refresh.verify_unchanged(
    views text[], trigger_type text, triggered_by text, run_id bigint
)
RETURNS SETOF bi_refresh.mv_refresh_log
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    began_at CONSTANT timestamptz := pg_catalog.clock_timestamp();
    entry bi_refresh.mv_refresh_log;
    requests bigint[];
BEGIN
    IF pg_catalog.current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION 'verify_unchanged() needs one snapshot for all it reads'
        USING ERRCODE = 'invalid_transaction_state', HINT = 'Call it in a REPEATABLE READ transaction.';
    END IF;

    FOR entry IN
        WITH unchanged AS MATERIALIZED (
            SELECT
                u.view_name,
                u.view_oid,
                u.former,
                -- the contents are still those of then
                u.fingerprint || pg_catalog.jsonb_build_object('taken_at', u.former -> 'taken_at') AS fingerprint,
                pg_catalog.clock_timestamp() AS found_at
            FROM bi_refresh.unchanged_views(bi_refresh.lock_views(views)) AS u
        ),

        logged AS (
            INSERT INTO bi_refresh.mv_refresh_log AS l (
                run_id, view_name, view_oid, trigger_type, triggered_by, backend_pid, status, strategy, reason, started_at,
                finished_at, duration_ms, data_timestamp, fingerprint_ms
            )
            SELECT
                verify_unchanged.run_id,
                unchanged.view_name,
                unchanged.view_oid,
                verify_unchanged.trigger_type,
                verify_unchanged.triggered_by,
                pg_catalog.pg_backend_pid(),
                'skipped',
                'skip',
                CASE
                    WHEN bi_refresh.is_incremental(unchanged.view_name)
                        THEN bi_refresh.describe_unchanged_tables(unchanged.view_name, unchanged.former, shared.ms)
                    ELSE bi_refresh.describe_unchanged(unchanged.former, unchanged.fingerprint, shared.ms)
                END,
                began_at,
                unchanged.found_at,
                shared.ms,
                pg_catalog.transaction_timestamp(),
                shared.ms
            FROM unchanged
            -- what one view's part in the common look took
            CROSS JOIN LATERAL (
                SELECT 1000 * pg_catalog.date_part('epoch', unchanged.found_at - began_at)
                    / pg_catalog.cardinality(views) AS ms
            ) AS shared
            RETURNING l.*
        ),

        moved AS (
            UPDATE bi_refresh.view_state AS s
            SET data_timestamp = pg_catalog.transaction_timestamp(),
                global_data_timestamp = bi_refresh.oldest_data_timestamp(
                    s.view_oid, pg_catalog.transaction_timestamp(), unchanged.fingerprint
                ),
                last_success_at = unchanged.found_at,
                fingerprint = unchanged.fingerprint,
                checks_passed_over = 0,
                consecutive_failures = 0,
                failing_since = NULL,
                suspended_at = NULL,
                probe_at = NULL
            FROM unchanged
            WHERE s.view_name = unchanged.view_name
        )

        SELECT logged.* FROM logged
    LOOP
        requests := bi_refresh.waiting_requests(entry.view_name);
        IF requests <> '{}' THEN
            entry := bi_refresh.complete_requests(requests, entry.id);
        END IF;
        RETURN NEXT entry;
    END LOOP;
END
$$;
