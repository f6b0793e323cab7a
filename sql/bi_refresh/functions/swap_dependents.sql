-- Puts the materialized views that were built beside in the places of those that read what was replaced, in the
-- transaction that replaced it. Policy, state and history of a managed one are its name's, and stay.
--   built   [{"former": OID, "successor": OID, "query": the former one's, "contents": its contents_version(),
--           "snapshot_at": the moment that the successor's rows are right for, null where it has none,
--           "oldest_at": of the oldest data that they were made from, null where that is not known}]
CREATE OR REPLACE FUNCTION bi_refresh.swap_dependents(built jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT b.*, p.view_name
        FROM pg_catalog.jsonb_to_recordset(built) AS b (
            former oid, successor oid, snapshot_at timestamptz, oldest_at timestamptz
        )
        LEFT JOIN bi_refresh.view_policy AS p ON b.former = bi_refresh.view_oid(p.view_name)
    LOOP
        PERFORM bi_refresh.take_name(one.former, one.successor);
        -- one that stands over stages
        UPDATE bi_refresh.maintained_table AS m
        SET relation = one.successor, structure = NULL
        WHERE m.relation = one.former;
        -- that nothing changed is not known of what it reads now
        UPDATE bi_refresh.view_state AS s
        SET view_oid = one.successor, fingerprint = NULL
        WHERE s.view_oid = one.former;
        IF one.view_name IS NOT NULL AND one.snapshot_at IS NOT NULL THEN
            PERFORM bi_refresh.record_contents(one.view_name, one.successor, one.snapshot_at, one.oldest_at);
        END IF;
    END LOOP;
END
$$;
