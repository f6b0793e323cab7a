-- Counts a scheduled failure against a view. From the policy's `suspend_after` failures in a row on, the view is suspended: the task
-- leaves it alone but for one try (a probe) when `probe_after` has passed, then after twice that, and so on up to once a day. Says
-- so, in words, for the log row; NULL: it is not suspended. `may_suspend`: only the task knows of suspensions; callers from psql and
-- pg_cron go on trying, so nothing is to be promised in their name.
CREATE OR REPLACE FUNCTION bi_refresh.count_failure(view_name text, failed_since timestamptz, may_suspend boolean)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    longest_wait CONSTANT interval := interval '24 hours';
    policy record;
    failures integer;
    next_probe timestamptz;
BEGIN
    SELECT p.suspend_after, p.probe_after INTO policy
    FROM bi_refresh.view_policy AS p
    WHERE p.view_name = count_failure.view_name
    FOR KEY SHARE;
    IF NOT found THEN
        RETURN NULL; -- not managed, or not any more
    END IF;

    INSERT INTO bi_refresh.view_state AS s (view_name, consecutive_failures, failing_since)
    VALUES (count_failure.view_name, 1, failed_since)
    ON CONFLICT ON CONSTRAINT view_state_pkey DO UPDATE
    SET consecutive_failures = s.consecutive_failures + 1,
        failing_since = coalesce(s.failing_since, excluded.failing_since)
    RETURNING s.consecutive_failures INTO failures;
    IF failures < policy.suspend_after OR NOT may_suspend THEN
        RETURN NULL;
    END IF;

    -- Every failure beyond the limit was a probe's. Sixteen doublings of any wait are beyond the longest one.
    next_probe := pg_catalog.clock_timestamp() + GREATEST(
        policy.probe_after,
        LEAST(longest_wait, policy.probe_after * pg_catalog.power(2, LEAST(failures - policy.suspend_after, 16)))
    );
    UPDATE bi_refresh.view_state AS s
    SET suspended_at = coalesce(s.suspended_at, pg_catalog.clock_timestamp()), probe_at = next_probe
    WHERE s.view_name = count_failure.view_name;
    RETURN pg_catalog.format(
        'It has failed %s times in a row and is suspended: the next try is at %s UTC. When its cause is mended, have it tried at '
        'once: vistafresca resume %s.',
        failures, pg_catalog.to_char(next_probe AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
        -- a name with quotes in it, for a shell
        CASE WHEN count_failure.view_name ~ '"' THEN pg_catalog.quote_literal(count_failure.view_name) ELSE count_failure.view_name END
    );
END
$$;
