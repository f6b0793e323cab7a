-- Locks what is known of an incremental view to the end of the transaction, and says it. A refresh that was committed after this
-- transaction's snapshot makes this fail with 40001 now: what it claimed would be claimed, and what it wrote not be seen.
CREATE OR REPLACE FUNCTION bi_refresh.lock_incremental_view(
    view_name text,
    OUT is_distrusted boolean, OUT distrust_reason text, OUT refresh_mode text, OUT is_audit boolean,
    OUT rows_total bigint, OUT fingerprint jsonb
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO bi_refresh.view_state (view_name)
    SELECT p.view_name FROM bi_refresh.view_policy AS p WHERE p.view_name = lock_incremental_view.view_name
    ON CONFLICT ON CONSTRAINT view_state_pkey DO NOTHING;
    SELECT s.rows_total, s.fingerprint INTO rows_total, fingerprint
    FROM bi_refresh.view_state AS s
    WHERE s.view_name = lock_incremental_view.view_name
    FOR NO KEY UPDATE;
    -- its life cycle does not go on meanwhile
    SELECT v.status = 'distrusted', v.distrust_reason, p.refresh_mode INTO is_distrusted, distrust_reason, refresh_mode
    FROM bi_refresh.incremental_view AS v
    INNER JOIN bi_refresh.view_policy AS p ON v.view_name = p.view_name
    WHERE v.view_name = lock_incremental_view.view_name
    FOR NO KEY UPDATE OF v;
    is_audit := bi_refresh.comparison_is_due(view_name);
END
$$;
