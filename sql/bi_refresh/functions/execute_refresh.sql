-- Refreshes one view by the strategy chosen, in the caller's transaction, and records the success. Raises whatever the refresh raises.
CREATE OR REPLACE FUNCTION bi_refresh.execute_refresh(log_id bigint, strategy text, reason text)
RETURNS bi_refresh.mv_refresh_log
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    entry bi_refresh.mv_refresh_log;
    snapshot_at timestamptz;
    inserted_before bigint;
    deleted_before bigint;
    total bigint;
BEGIN
    UPDATE bi_refresh.mv_refresh_log AS l
    SET strategy = execute_refresh.strategy, reason = execute_refresh.reason
    WHERE l.id = log_id
    RETURNING l.* INTO STRICT entry;

    inserted_before := pg_catalog.pg_stat_get_xact_tuples_inserted(entry.view_oid);
    deleted_before := pg_catalog.pg_stat_get_xact_tuples_deleted(entry.view_oid);
    -- Taken before the statement takes its snapshot: the data is at least this new.
    snapshot_at := pg_catalog.clock_timestamp();
    EXECUTE pg_catalog.format(
        'REFRESH MATERIALIZED VIEW %s %s',
        CASE execute_refresh.strategy WHEN 'concurrent' THEN 'CONCURRENTLY' ELSE '' END, entry.view_name
    );
    -- From PostgreSQL 17 on, MAINTAIN allows a refresh without the right to read the result.
    IF pg_catalog.has_table_privilege(entry.view_oid, 'SELECT') THEN
        EXECUTE pg_catalog.format('SELECT pg_catalog.count(*) FROM %s', entry.view_name) INTO total;
    END IF;
    RETURN bi_refresh.record_success(
        log_id, snapshot_at,
        -- A plain refresh fills a new file, whose rows the view's own counters do not see.
        CASE execute_refresh.strategy
            WHEN 'exclusive' THEN total
            ELSE pg_catalog.pg_stat_get_xact_tuples_inserted(entry.view_oid) - inserted_before
        END,
        CASE execute_refresh.strategy
            WHEN 'exclusive' THEN 0
            ELSE pg_catalog.pg_stat_get_xact_tuples_deleted(entry.view_oid) - deleted_before
        END,
        total
    );
END
$$;
