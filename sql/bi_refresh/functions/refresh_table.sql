-- Refreshes one of a view's tables, or the materialized view over its stages, and has what came of it compared where that is due.
--   structure     as of now, by maintained_structures()
--   asked_reason  why it is to be computed in full whatever changed, in words; NULL: as may be
--   is_audit      the whole is to be compared
--   strategy, inserted, deleted, changed_keys, total  as of maintain(), corrections included
--   reasons       why in full, and what a comparison found; empty: nothing of the kind
CREATE OR REPLACE FUNCTION bi_refresh.refresh_table(
    target bi_refresh.maintained_table, structure text, asked_reason text, is_audit boolean, log_id bigint,
    OUT strategy text, OUT inserted bigint, OUT deleted bigint, OUT changed_keys bigint, OUT total bigint,
    OUT reasons text[]
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    present record := bi_refresh.present_state(target, structure);
    outcome record;
    audit record;
BEGIN
    IF present.full_reason IS NOT NULL AND target.whole_digest <> bi_refresh.definition_digest(target.whole) THEN
        IF target.definition IS NULL THEN
            RAISE EXCEPTION 'an ordinary view beneath % was replaced since its stages were made of it', target.view_name
            USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        -- its stages are parts of views that say something else now
        target := pg_catalog.jsonb_populate_record(
            target, pg_catalog.jsonb_build_object('definition', target.whole)
        );
        asked_reason := 'an ordinary view beneath it was replaced since its stages were made of it: enable it again';
        present.structure := NULL;
    END IF;
    asked_reason := coalesce(asked_reason, present.full_reason);

    IF target.definition IS NULL THEN
        outcome := bi_refresh.refresh_over_stages(target, present.structure, present.moments, asked_reason, is_audit);
    ELSE
        outcome := bi_refresh.maintain(target, present.structure, present.moments, asked_reason, log_id);
    END IF;
    strategy := outcome.strategy;
    inserted := outcome.inserted;
    deleted := outcome.deleted;
    changed_keys := outcome.changed_keys;
    total := outcome.total;
    reasons := '{}';
    IF target.definition IS NOT NULL AND strategy <> 'difference' AND (is_audit OR outcome.mismatches > 0) THEN
        audit := bi_refresh.audit_table(target.id, log_id, outcome.mismatches);
        inserted := inserted + audit.inserted;
        deleted := deleted + audit.deleted;
        total := audit.total;
        IF audit.finding IS NOT NULL THEN
            reasons := reasons || audit.finding;
            strategy := 'difference';
        END IF;
    END IF;
    IF outcome.reason IS NOT NULL THEN
        reasons := reasons || pg_catalog.format('in full: %s%s', outcome.reason, ' (stage ' || target.stage || ')');
    END IF;
END
$$;
