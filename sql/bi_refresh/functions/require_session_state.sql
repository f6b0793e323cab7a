-- Raises where the session is not as it was before a refresh ran code of the view's owner, which undoes what was done to it. REFRESH
-- MATERIALIZED VIEW undoes such settings, and allows nothing temporary: the next view's code would find them by their names
-- before its own tables, and run what their triggers say with its owner's rights.
--   before   session_state() before any such code was run
CREATE OR REPLACE FUNCTION bi_refresh.require_session_state(before record)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    now_is record := bi_refresh.session_state();
    changed text;
    left_behind text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.format('%s is now %s', s.key, s.value), ', ' ORDER BY s.key) INTO changed
    FROM pg_catalog.jsonb_each_text(now_is.settings) AS s
    -- those of a library that was loaded meanwhile are new
    WHERE before.settings ? s.key AND before.settings ->> s.key IS DISTINCT FROM s.value;
    IF changed IS NOT NULL THEN
        RAISE EXCEPTION 'code that a refresh runs for the view''s owner changed a setting and did not put it back: %', changed
        USING ERRCODE = '2F003', HINT = 'Find the function that sets it, and give it a SET clause instead.';
    END IF;
    FOREACH left_behind IN ARRAY now_is.objects LOOP
        IF left_behind <> ALL (before.objects) THEN
            RAISE EXCEPTION 'code that a refresh runs for the view''s owner left something temporary behind: %', left_behind
            USING ERRCODE = '2F003',
            HINT = 'Find the function that makes it: a refresh may not leave one behind.';
        END IF;
    END LOOP;
END
$$;
