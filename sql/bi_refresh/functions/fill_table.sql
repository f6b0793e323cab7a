-- Fills a maintained table that is empty for the first time, from its definition, and keeps what its contents are made from. In a
-- transaction with one snapshot, begun after its sources' triggers were committed: what changed before the snapshot is claimed,
-- and what changes after it is captured. Returns the number of rows.
CREATE OR REPLACE FUNCTION bi_refresh.fill_table(table_id integer)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    began_at timestamptz;
    target bi_refresh.maintained_table;
    examined record;
    filled bigint;
    session_before CONSTANT record := bi_refresh.session_state();
BEGIN
    IF pg_catalog.current_setting('transaction_isolation') = 'read committed' THEN
        RAISE EXCEPTION 'fill_table() needs one snapshot for all it reads'
        USING ERRCODE = 'invalid_transaction_state', HINT = 'Call it in a REPEATABLE READ transaction.';
    END IF;
    SELECT m.* INTO STRICT target FROM bi_refresh.maintained_table AS m WHERE m.id = table_id FOR NO KEY UPDATE;
    PERFORM FROM bi_refresh.claim_changes(table_id);
    IF target.definition IS NULL THEN
        began_at := pg_catalog.clock_timestamp();
        EXECUTE pg_catalog.format('REFRESH MATERIALIZED VIEW %s', target.relation::pg_catalog.regclass);
    END IF;
    -- of a materialized view, which of its refreshes its rows are of is a part of its structure
    examined := bi_refresh.examine_table(table_id);
    IF target.definition IS NOT NULL THEN
        began_at := pg_catalog.clock_timestamp();
        PERFORM bi_refresh.require_maintain_function(table_id);
        filled := bi_refresh.execute_as_owner(table_id, pg_catalog.format(
            'INSERT INTO %s (%s) SELECT %s FROM %s AS query',
            target.relation::pg_catalog.regclass,
            bi_refresh.column_list(target.relation),
            bi_refresh.column_list(target.relation, 'query.'),
            target.definition::pg_catalog.regclass
        ));
        IF target.stage IS NOT NULL THEN
            -- The next stage reads it at once, and would take it for one of hardly any rows.
            PERFORM bi_refresh.execute_as_owner(
                table_id, pg_catalog.format('ANALYZE %s', target.relation::pg_catalog.regclass)
            );
        END IF;
    END IF;
    UPDATE bi_refresh.maintained_table AS m
    SET structure = CASE WHEN examined.problem IS NULL THEN examined.structure END,
        moments = examined.moments,
        data_timestamp = pg_catalog.transaction_timestamp(),
        compared_at = pg_catalog.transaction_timestamp(),
        -- an INSERT takes about as long as finding what differs
        full_ms = 1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - began_at)
    WHERE m.id = target.id
    RETURNING m.* INTO target;
    PERFORM bi_refresh.require_session_state(session_before);
    PERFORM bi_refresh.require_unaltered(target.relations);
    RETURN filled;
END
$$;
