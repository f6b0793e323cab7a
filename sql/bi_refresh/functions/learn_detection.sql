-- What the planner learns from a fingerprint that was taken: what it costs, and how often nothing had changed. Moving averages,
-- so that they follow a view's habits.
--   could_compare   whether there was a former fingerprint to compare it with
CREATE OR REPLACE FUNCTION bi_refresh.learn_detection(
    view_name text, taken_ms double precision, was_unchanged boolean, could_compare boolean
)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
UPDATE bi_refresh.view_state AS s
SET fingerprint_ms = coalesce(s.fingerprint_ms + 0.3 * (taken_ms - s.fingerprint_ms), taken_ms),
    unchanged_ratio = CASE
        WHEN could_compare
            THEN coalesce(
                s.unchanged_ratio + 0.3 * (was_unchanged::integer - s.unchanged_ratio), was_unchanged::integer::double precision
            )
        ELSE s.unchanged_ratio
    END
WHERE s.view_name = learn_detection.view_name
$$;
