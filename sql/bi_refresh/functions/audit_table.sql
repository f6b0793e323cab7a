-- Compares a whole maintained table with its definition after an incremental refresh, mends it, and says in words what was found;
-- NULL: it is as it ought to be. Otherwise the view is refreshed in full from now on, until it is enabled again: what differs is a
-- defect, of Vistafresca or of the query.
--
-- Only a second try is believed, where the task makes one: the planner sees views, partitions and children as they are now, the
-- snapshot what they were. Whoever alters them in between changes rows of the definition, and under the next snapshot the structure.
--   sampled   mismatches that a sample has found already
CREATE OR REPLACE FUNCTION bi_refresh.audit_table(
    table_id integer, log_id bigint, sampled bigint,
    OUT finding text, OUT inserted bigint, OUT deleted bigint, OUT total bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target bi_refresh.maintained_table;
    compared record;
BEGIN
    SELECT m.* INTO STRICT target FROM bi_refresh.maintained_table AS m WHERE m.id = table_id;
    compared := bi_refresh.maintain_in_full(target, log_id, 'comparison');
    UPDATE bi_refresh.maintained_table AS m SET compared_at = pg_catalog.transaction_timestamp() WHERE m.id = target.id;
    inserted := compared.inserted;
    deleted := compared.deleted;
    total := compared.total;
    IF compared.mismatches + sampled = 0 THEN
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM bi_refresh.mv_refresh_log AS l
        WHERE l.id = audit_table.log_id AND l.attempts = 1 AND l.plan ->> 'on_error' IN ('raise', 'raise_transient')
    ) THEN
        RAISE EXCEPTION '% differs from its definition: another look, under a new snapshot, tells whether it does', target.view_name
        USING ERRCODE = 'serialization_failure';
    END IF;
    finding := pg_catalog.format(
        '%s of %s%s after an incremental refresh',
        bi_refresh.count_of(GREATEST(compared.mismatches, sampled), 'row'), target.view_name,
        coalesce(' (stage ' || target.stage || ')', '') || ' differed from its definition'
    );
    UPDATE bi_refresh.incremental_view AS v
    SET status = 'distrusted', distrust_reason = finding, status_since = pg_catalog.clock_timestamp()
    WHERE v.view_name = target.view_name;
    RAISE WARNING '%: it is refreshed in full from now on', finding
    USING HINT = pg_catalog.format(
        'See SELECT * FROM bi_refresh.incremental_mismatch WHERE view_name = %L; then vistafresca incremental enable %s.',
        target.view_name, target.view_name
    );
END
$$;
