-- Brings the tables that are kept for a view up to date, in this transaction's snapshot, stage by stage: while they
-- are being built and nobody reads them, or to compare them. No refresh is recorded, and no mismatch looked for.
CREATE OR REPLACE FUNCTION bi_refresh.catch_up(view_name text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target bi_refresh.maintained_table;
    present record;
    session_before CONSTANT record := bi_refresh.session_state();
BEGIN
    PERFORM bi_refresh.lock_claims(ARRAY[view_name], view_name);
    FOR target IN
        SELECT m.* FROM bi_refresh.maintained_table AS m
        WHERE m.view_name = catch_up.view_name
        ORDER BY m.position
    LOOP
        present := bi_refresh.present_state(target, (
            SELECT s.structure
            FROM bi_refresh.maintained_structures(ARRAY[catch_up.view_name]) AS s
            WHERE s.table_id = target.id
        ));
        IF target.definition IS NULL THEN
            PERFORM bi_refresh.refresh_over_stages(target, present.structure, present.moments, present.full_reason, false);
        ELSE
            PERFORM bi_refresh.maintain(target, present.structure, present.moments, present.full_reason, NULL);
        END IF;
    END LOOP;
    PERFORM bi_refresh.require_session_state(session_before);
    PERFORM bi_refresh.require_unaltered(ARRAY(
        SELECT r.relation
        FROM bi_refresh.maintained_table AS m
        CROSS JOIN LATERAL pg_catalog.unnest(m.relations || m.relation) AS r (relation)
        WHERE m.view_name = catch_up.view_name
    ));
END
$$;
