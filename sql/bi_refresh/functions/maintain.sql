-- Brings one maintained table up to date with this transaction's snapshot, slice by slice or in full, and keeps what its contents are
-- made from now. What changed is claimed first, whichever way it goes: what is computed sees at least that.
--   structure     NULL: not known, or not one to rely on, so the next refresh is in full again
--   moments       as of now
--   full_reason   why it is to be computed in full, in words; NULL: as may be
--   strategy      skip (nothing changed), incremental or difference
--   reason        why difference
--   changed_keys  slices computed anew; NULL: it was computed in full
--   total         rows that the definition gives; NULL: not counted
--   mismatches    rows that differed though nothing that changed touches them
CREATE OR REPLACE FUNCTION bi_refresh.maintain(
    target bi_refresh.maintained_table, structure text, moments jsonb, full_reason text, log_id bigint,
    OUT strategy text, OUT reason text, OUT inserted bigint, OUT deleted bigint, OUT changed_keys bigint,
    OUT total bigint, OUT mismatches bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed integer[];
    everything integer[];
    outcome record;
    keeps_snapshot CONSTANT boolean := pg_catalog.current_setting('transaction_isolation') <> 'read committed';
BEGIN
    PERFORM bi_refresh.require_maintain_function(target.id);
    SELECT
        coalesce(pg_catalog.array_agg(c.capture_id) FILTER (WHERE c.changes > 0 OR c.is_everything), '{}'),
        coalesce(pg_catalog.array_agg(c.capture_id) FILTER (WHERE c.is_everything), '{}')
    INTO changed, everything
    FROM bi_refresh.claim_changes(target.id) AS c;

    inserted := 0;
    deleted := 0;
    mismatches := 0;
    reason := coalesce(full_reason, bi_refresh.why_in_full(target, moments, changed, everything));
    IF reason IS NULL AND changed = '{}' AND target.moments = moments THEN
        strategy := 'skip';
        changed_keys := 0;
    ELSE
        -- Keeps other writers away: what they wrote after the snapshot would not be seen, and stand beside what is written now.
        PERFORM bi_refresh.execute_as_owner(
            target.id, pg_catalog.format('LOCK TABLE %s IN EXCLUSIVE MODE', target.relation::pg_catalog.regclass)
        );
        IF reason IS NULL THEN
            IF target.kind = 'linear' THEN
                SELECT l.inserted, l.deleted, l.changed_keys, 0::bigint AS mismatches, l.obstacle INTO outcome
                FROM bi_refresh.maintain_linear(target.id) AS l;
            ELSE
                outcome := bi_refresh.maintain_slices(target, changed, target.moments <> moments, log_id);
            END IF;
            reason := outcome.obstacle;
            strategy := 'incremental';
            inserted := coalesce(outcome.inserted, 0);
            deleted := coalesce(outcome.deleted, 0);
            changed_keys := outcome.changed_keys;
            mismatches := coalesce(outcome.mismatches, 0);
        END IF;
        IF reason IS NOT NULL THEN
            outcome := bi_refresh.maintain_in_full(target);
            strategy := 'difference';
            inserted := outcome.inserted;
            deleted := outcome.deleted;
            total := outcome.total;
            changed_keys := NULL;
        END IF;
        -- Deferred triggers of what the owner's code wrote would wait for the end of the transaction, and run with the rights of
        -- its session. Where there is no such code, the caller's own are left alone.
        IF bi_refresh.runs_code(target) THEN
            PERFORM bi_refresh.execute_as_owner(target.id, 'SET CONSTRAINTS ALL IMMEDIATE');
        END IF;
    END IF;

    UPDATE bi_refresh.maintained_table AS m
    SET structure = CASE WHEN keeps_snapshot OR m.kind <> 'linear' THEN maintain.structure END,
        moments = maintain.moments,
        data_timestamp = pg_catalog.transaction_timestamp(),
        compared_at = CASE WHEN maintain.strategy = 'difference' THEN pg_catalog.transaction_timestamp() ELSE m.compared_at END
    WHERE m.id = target.id;
END
$$;
