-- Whether anything changed beneath a view since its contents were made, as the step's plan asks for it:
--   fingerprinting   check: take the fingerprint and leave the view alone if nothing changed; keep: take it and refresh all the
--                    same; none, or no plan: do not take it
-- Only under one snapshot for fingerprint and refresh: a row inserted between the two and deleted later would give the old
-- fingerprint again, over contents that have the row.
--   is_unchanged    the view is to be left alone
--   is_audit        nothing changed, and it is refreshed all the same: the same rows must come out
--   reason          in words; NULL: nothing to say
--   fingerprint     for the contents that the refresh will make; NULL: not taken, or not possible
CREATE OR REPLACE FUNCTION bi_refresh.detect_change(
    view_name text, plan jsonb,
    OUT is_unchanged boolean, OUT is_audit boolean, OUT reason text, OUT fingerprint jsonb,
    OUT fingerprint_ms double precision
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    started_at timestamptz;
    relation CONSTANT oid := bi_refresh.view_oid(view_name);
    former jsonb;
    taken record;
    changes text;
BEGIN
    is_unchanged := false;
    is_audit := false;
    IF pg_catalog.current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN
        RETURN;
    END IF;

    INSERT INTO bi_refresh.view_state (view_name)
    SELECT p.view_name FROM bi_refresh.view_policy AS p WHERE p.view_name = detect_change.view_name
    ON CONFLICT ON CONSTRAINT view_state_pkey DO NOTHING;
    -- A refresh committed after our snapshot makes this fail with 40001 now, and not at the end of the work.
    SELECT s.fingerprint INTO former
    FROM bi_refresh.view_state AS s
    INNER JOIN pg_catalog.pg_class AS c ON s.view_oid = c.oid
    WHERE s.view_name = detect_change.view_name AND c.oid = relation AND c.relispopulated
    FOR NO KEY UPDATE OF s;
    IF NOT coalesce(plan ->> 'fingerprinting' IN ('check', 'keep'), false) THEN
        RETURN;
    END IF;

    started_at := pg_catalog.clock_timestamp();
    taken := bi_refresh.take_fingerprint(relation, plan ->> 'change_detection', former);
    fingerprint_ms := 1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - started_at);
    fingerprint := taken.fingerprint;
    reason := taken.problem;
    IF former IS NOT NULL AND fingerprint IS NOT NULL THEN
        changes := bi_refresh.fingerprint_changes(former, fingerprint);
        is_unchanged := changes IS NULL AND plan ->> 'fingerprinting' = 'check' AND plan ->> 'due_by' IS DISTINCT FROM 'audit';
        is_audit := changes IS NULL AND NOT is_unchanged;
        reason := coalesce(changes, bi_refresh.describe_unchanged(former, fingerprint, fingerprint_ms));
        IF is_unchanged THEN
            -- the contents are still those of then
            fingerprint := fingerprint || pg_catalog.jsonb_build_object('taken_at', former -> 'taken_at');
        END IF;
    END IF;
    PERFORM bi_refresh.learn_detection(
        view_name, fingerprint_ms, changes IS NULL, former IS NOT NULL AND fingerprint IS NOT NULL
    );
END
$$;
