-- Computes all dirty slices anew into pg_temp.new_<table>, in batches, and stops where the whole would be quicker: what a slice costs
-- is learned from earlier refreshes and from the batches so far. Returns why it stopped, in words; NULL: all are computed.
-- A wrong start costs no more than a part of what the whole takes (docs/decisions/0022-when-in-full.md).
CREATE OR REPLACE FUNCTION bi_refresh.recompute(
    target bi_refresh.maintained_table, cuts integer[], counts bigint[], null_cuts integer[]
)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- What is tried before anything is known; what a batch may take of the time of the whole, and until that says enough about
    -- the rest.
    first_batch CONSTANT bigint := 50;
    share_of_batch CONSTANT double precision := 0.15;
    share_to_judge CONSTANT double precision := 0.05;
    -- What slices may be expected to take of it. They are compared and written, too, and expectations are wrong now and then: what
    -- would come to nearly the same is better spent on what is certain.
    share_to_begin CONSTANT double precision := 0.75;
    -- Below that, most of the time goes into planning, and says nothing about more slices.
    telling_batch CONSTANT bigint := 50;
    -- What nobody notices.
    slack_ms CONSTANT double precision := 10;
    learned double precision[] := coalesce(
        target.key_us, pg_catalog.array_fill(NULL::double precision, ARRAY[pg_catalog.jsonb_array_length(target.slices)])
    );
    slice_us double precision;
    spent_ms double precision := 0;
    planning_ms double precision;
    rest_ms double precision;
    done bigint;
    batch bigint;
    began_at timestamptz;
    took_ms double precision;
BEGIN
    rest_ms := bi_refresh.slices_ms(cuts, counts, learned);
    IF rest_ms > share_to_begin * target.full_ms + slack_ms THEN
        -- What was learned on a bad day is forgotten little by little, or it would never be tried again.
        UPDATE bi_refresh.maintained_table AS m
        SET key_us = ARRAY(SELECT 0.9 * k.us FROM pg_catalog.unnest(m.key_us) WITH ORDINALITY AS k (us, cut) ORDER BY k.cut)
        WHERE m.id = target.id;
        PERFORM bi_refresh.make_new_rows(target);
        RETURN bi_refresh.too_many_slices(counts, rest_ms, target.full_ms);
    END IF;

    PERFORM bi_refresh.make_new_rows(target);
    FOR i IN 1 .. pg_catalog.cardinality(cuts) LOOP
        done := 0;
        slice_us := learned[cuts[i]];
        planning_ms := 0;
        IF slice_us IS NULL AND counts[i] > first_batch AND target.full_ms IS NOT NULL THEN
            -- A batch of none is the planning alone, which would make the first batch look dear.
            began_at := pg_catalog.clock_timestamp();
            PERFORM bi_refresh.recompute_slices(target, cuts[i], cuts[1:i - 1], 0, 0);
            planning_ms := 1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - began_at);
            spent_ms := spent_ms + planning_ms;
        END IF;
        WHILE done < counts[i] LOOP
            batch := LEAST(counts[i] - done, CASE
                WHEN target.full_ms IS NULL THEN counts[i] - done
                WHEN slice_us IS NULL THEN first_batch
                ELSE GREATEST(first_batch, (
                    1000 * CASE WHEN spent_ms > share_to_judge * target.full_ms THEN share_of_batch ELSE share_to_judge END
                    * target.full_ms / GREATEST(slice_us, 0.1)
                )::bigint)
            END);
            began_at := pg_catalog.clock_timestamp();
            PERFORM bi_refresh.recompute_slices(target, cuts[i], cuts[1:i - 1], done, done + batch);
            took_ms := 1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - began_at);
            spent_ms := spent_ms + took_ms;
            done := done + batch;
            took_ms := GREATEST(took_ms - planning_ms, 0.1 * took_ms);
            -- more can only have made it look dearer
            slice_us := CASE
                WHEN batch < telling_batch THEN LEAST(slice_us, 1000 * took_ms / batch)
                ELSE 1000 * took_ms / batch
            END;
            IF batch >= telling_batch OR slice_us < learned[cuts[i]] THEN
                learned[cuts[i]] := coalesce(learned[cuts[i]] + 0.5 * (slice_us - learned[cuts[i]]), slice_us);
            END IF;
            rest_ms := slice_us * (counts[i] - done) / 1000 + bi_refresh.slices_ms(cuts[i + 1:], counts[i + 1:], learned);
            -- what is spent already would be lost
            IF rest_ms > LEAST(share_to_begin * target.full_ms + spent_ms, target.full_ms) + slack_ms
                AND spent_ms > share_to_judge * target.full_ms
            THEN
                UPDATE bi_refresh.maintained_table AS m SET key_us = learned WHERE m.id = target.id;
                RETURN bi_refresh.too_many_slices(counts, rest_ms, target.full_ms);
            END IF;
        END LOOP;
    END LOOP;
    IF null_cuts <> '{}' THEN
        PERFORM bi_refresh.recompute_null_slices(target, null_cuts, cuts);
    END IF;
    UPDATE bi_refresh.maintained_table AS m SET key_us = learned WHERE m.id = target.id;
    IF target.key_columns IS NOT NULL THEN
        -- rows with the same key are an error that names it
        PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format(
            'CREATE UNIQUE INDEX new_%1$s_key ON pg_temp.new_%1$s (%2$s)',
            target.id,
            (
                SELECT pg_catalog.string_agg(pg_catalog.quote_ident(k.name), ', ' ORDER BY k.position)
                FROM pg_catalog.unnest(target.key_columns) WITH ORDINALITY AS k (name, position)
            )
        ));
    END IF;
    RETURN NULL;
END
$$;
