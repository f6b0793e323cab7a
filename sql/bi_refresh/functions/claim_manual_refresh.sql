-- Whether a caller may refresh a view by hand now, having done so fewer than `most` times within the last `per`, whatever the views.
-- Granted: it is counted from now on, and `remaining` says how many more there are. Refused: `retry_after_s`, at least 1, says when to
-- ask again. Sessions that ask for one caller wait for each other until their transactions end: commit before the refresh begins.
CREATE OR REPLACE FUNCTION bi_refresh.claim_manual_refresh(
    view_name text, claimed_by text, most integer DEFAULT 10, per interval DEFAULT interval '1 hour'
)
RETURNS TABLE (granted boolean, remaining integer, retry_after_s integer)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- 'VFCL': the first key of all locks on callers
    caller_lock CONSTANT integer := 1447445324;
    window_start timestamptz;
    claims bigint;
BEGIN
    IF most IS NULL OR most < 1 OR per IS NULL OR per <= interval '0' THEN
        RAISE EXCEPTION 'at most % manual refreshes in % is not a limit', coalesce(most::text, 'NULL'), coalesce(per::text, 'NULL')
        USING ERRCODE = 'invalid_parameter_value', HINT = 'Both are to be positive.';
    END IF;
    -- An older snapshot would not see what was granted to others while we waited.
    IF pg_catalog.current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'claim_manual_refresh() counts right under READ COMMITTED only'
        USING ERRCODE = 'invalid_transaction_state', HINT = 'Call it in a transaction of its own.';
    END IF;
    PERFORM pg_catalog.pg_advisory_xact_lock(caller_lock, pg_catalog.hashtext(claimed_by));

    DELETE FROM bi_refresh.manual_refresh_claim AS c
    WHERE c.id IN (
        SELECT old.id
        FROM bi_refresh.manual_refresh_claim AS old
        WHERE old.claimed_at < pg_catalog.clock_timestamp() - GREATEST(per, interval '1 day')
        ORDER BY old.claimed_at
        LIMIT 1000
        FOR UPDATE SKIP LOCKED
    );

    window_start := pg_catalog.clock_timestamp() - per;
    SELECT pg_catalog.count(*) INTO claims
    FROM bi_refresh.manual_refresh_claim AS c
    WHERE c.claimed_by = claim_manual_refresh.claimed_by AND c.claimed_at > window_start;

    granted := claims < most;
    IF granted THEN
        INSERT INTO bi_refresh.manual_refresh_claim (view_name, claimed_by)
        VALUES (claim_manual_refresh.view_name, claim_manual_refresh.claimed_by);
        remaining := most - claims - 1;
        retry_after_s := 0;
    ELSE
        remaining := 0;
        -- when so many have left the window that one more has room
        SELECT GREATEST(1, pg_catalog.ceil(pg_catalog.date_part('epoch', c.claimed_at - window_start)))
        INTO retry_after_s
        FROM bi_refresh.manual_refresh_claim AS c
        WHERE c.claimed_by = claim_manual_refresh.claimed_by AND c.claimed_at > window_start
        ORDER BY c.claimed_at
        OFFSET claims - most
        LIMIT 1;
    END IF;
    RETURN NEXT;
END
$$;
