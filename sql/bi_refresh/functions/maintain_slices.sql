-- Brings what was claimed into a maintained table: which slices it touches, those computed anew, and what differs written.
--   changed    the captured tables that changed
--   is_moved   whether a date or time that the definition depends on is another now
--   log_id     the refresh that it belongs to; NULL: none, and nothing is sampled
--   obstacle   why nothing was written and the whole has to be computed, in words
CREATE OR REPLACE FUNCTION bi_refresh.maintain_slices(
    target bi_refresh.maintained_table, changed integer[], is_moved boolean, log_id bigint,
    OUT inserted bigint, OUT deleted bigint, OUT changed_keys bigint, OUT mismatches bigint, OUT obstacle text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    just_in_time CONSTANT text := pg_catalog.current_setting('jit');
    dirty record;
    cuts integer[];
    counts bigint[];
    sampled bigint;
    found_rows record;
    applied record;
BEGIN
    dirty := bi_refresh.find_dirty_slices(target, changed, is_moved);
    IF dirty.obstacle IS NOT NULL THEN
        obstacle := dirty.obstacle;
        RETURN;
    END IF;
    changed_keys := dirty.keys;
    IF dirty.keys = 0 AND dirty.null_cuts = '{}' THEN
        inserted := 0;
        deleted := 0;
        mismatches := 0;
        PERFORM bi_refresh.drop_dirty_slices(target, dirty.cuts);
        RETURN;
    END IF;

    cuts := dirty.cuts;
    counts := dirty.counts;
    sampled := CASE
        WHEN log_id IS NOT NULL THEN bi_refresh.add_sample(target, cuts, counts)
        -- what a sample finds is mended, and a comparison that follows would not see it
        WHEN cuts[1] = 1 THEN 0
    END;
    IF cuts[1] = 1 THEN
        counts[1] := counts[1] + sampled;
    ELSIF sampled IS NOT NULL THEN
        cuts := 1 || cuts;
        counts := sampled || counts;
    END IF;

    -- Compiling a plan takes longer than a few slices.
    PERFORM pg_catalog.set_config('jit', 'off', true);
    obstacle := bi_refresh.recompute(target, cuts, counts, dirty.null_cuts);
    IF obstacle IS NULL THEN
        found_rows := bi_refresh.find_differences(target, cuts, dirty.null_cuts);
        mismatches := CASE
            WHEN sampled > 0 AND found_rows.missing + found_rows.surplus + found_rows.other > 0
                THEN bi_refresh.keep_mismatches(
                    target, log_id, 'sample', bi_refresh.only_sampled(target, cuts, dirty.null_cuts)
                )
            ELSE 0
        END;
        applied := bi_refresh.apply_differences(target, found_rows.missing, found_rows.surplus, found_rows.other);
        inserted := applied.inserted;
        deleted := applied.deleted;
    END IF;
    PERFORM pg_catalog.set_config('jit', just_in_time, true);
    PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format(
        CASE WHEN obstacle IS NULL THEN 'DROP TABLE pg_temp.new_%1$s, pg_temp.differences_%1$s' ELSE 'DROP TABLE pg_temp.new_%1$s' END,
        target.id
    ));
    PERFORM bi_refresh.drop_dirty_slices(target, cuts);
END
$$;
