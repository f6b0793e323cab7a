-- Sees to it that changes of a table are captured with these columns at least, on every table of its tree; what is committed from
-- then on is in its log. Commit before the first snapshot that is to be kept fresh is taken. Safe to call again.
--
-- Waits up to 5 s for each table, and raises what set_capture_triggers() does, or 0A000 where the table cannot be captured.
CREATE OR REPLACE FUNCTION bi_refresh.capture_table(relation oid, columns name[])
RETURNS bi_refresh.captured_table
LANGUAGE plpgsql
-- what it makes belongs to bi_refresh's owner, whoever asks
SECURITY DEFINER
SET lock_timeout = '5s'
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name CONSTANT text := capture_table.relation::pg_catalog.regclass::text;
    top CONSTANT oid := bi_refresh.captured_top(capture_table.relation);
    captured bi_refresh.captured_table;
    col record;
    log text;
    pending text;
    added boolean := false;
    is_widening boolean := false;
    reason text := CASE
        WHEN top IS NULL THEN pg_catalog.format(
            '%s inherits from several tables: no one of them stands above all its rows', name
        )
        ELSE bi_refresh.capture_obstacle(top)
    END;
BEGIN
    SELECT coalesce(reason, pg_catalog.min(c.problem)) INTO reason
    FROM bi_refresh.capture_column_types(coalesce(top, capture_table.relation), capture_table.columns) AS c;
    IF reason IS NOT NULL THEN
        RAISE EXCEPTION 'changes of % cannot be captured: %', name, reason
        USING ERRCODE = 'feature_not_supported';
    END IF;

    LOOP
        INSERT INTO bi_refresh.captured_table (relation) VALUES (top) ON CONFLICT DO NOTHING;
        -- one session at a time adds columns
        SELECT t.* INTO captured FROM bi_refresh.captured_table AS t WHERE t.relation = top FOR UPDATE;
        -- otherwise it was released while it was waited for
        EXIT WHEN found;
    END LOOP;
    log := pg_catalog.format('bi_refresh_incremental.log_%s', captured.id);
    pending := pg_catalog.format('bi_refresh_incremental.pending_%s', captured.id);

    IF pg_catalog.to_regclass(log) IS NULL THEN
        -- Both are emptied again and again: what was is to be vacuumed soon, however little it is.
        EXECUTE pg_catalog.format(
            'CREATE TABLE %s (bi_refresh_layout pg_catalog.int4 NOT NULL, bi_refresh_weight pg_catalog.int2 NOT NULL)'
            ' WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,'
            ' autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0)',
            log
        );
        EXECUTE pg_catalog.format(
            'CREATE TABLE %s (bi_refresh_table pg_catalog.int4 NOT NULL, bi_refresh_layout pg_catalog.int4 NOT NULL,'
            ' bi_refresh_weight pg_catalog.int2 NOT NULL)'
            ' WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,'
            ' autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0)',
            pending
        );
        -- a publication of all tables would refuse changes to one that says nothing of how its rows are told apart
        EXECUTE pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY FULL', log);
        EXECUTE pg_catalog.format('ALTER TABLE %s REPLICA IDENTITY FULL', pending);
        EXECUTE pg_catalog.format('CREATE INDEX ON %s (bi_refresh_table)', pending);
        EXECUTE pg_catalog.format('CREATE INDEX ON %s (bi_refresh_table) WHERE bi_refresh_weight = 0', pending);
    END IF;

    is_widening := true;
    IF EXISTS (
        SELECT FROM bi_refresh.capture_column_types(top, capture_table.columns) AS c
        LEFT JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = log::pg_catalog.regclass AND c.name = a.attname AND NOT a.attisdropped
        WHERE a.attname IS NULL OR a.atttypid <> c.type::pg_catalog.regtype
    ) THEN
        -- It waits for writers that have been captured in a transaction of theirs, as triggers do; and whoever moves entries takes
        -- these two in one order, whoever claims them in the other.
        PERFORM bi_refresh.lock_together(
            ARRAY[log::pg_catalog.regclass::oid, pending::pg_catalog.regclass::oid],
            'ACCESS EXCLUSIVE',
            (SELECT s.setting::integer FROM pg_catalog.pg_settings AS s WHERE s.name = 'lock_timeout')
        );
    END IF;
    FOR col IN
        SELECT c.name, c.type, c.type::pg_catalog.regtype AS wanted, a.atttypid AS present
        FROM bi_refresh.capture_column_types(top, capture_table.columns) AS c
        LEFT JOIN pg_catalog.pg_attribute AS a
            ON a.attrelid = log::pg_catalog.regclass AND c.name = a.attname AND NOT a.attisdropped
        WHERE a.attname IS NULL OR a.atttypid <> c.type::pg_catalog.regtype OR c.name <> ALL (captured.columns)
    LOOP
        IF col.present IS NOT NULL THEN
            EXECUTE pg_catalog.format('ALTER TABLE %s DROP COLUMN %I', log, col.name);
            EXECUTE pg_catalog.format('ALTER TABLE %s DROP COLUMN %I', pending, col.name);
        END IF;
        EXECUTE pg_catalog.format('ALTER TABLE %s ADD COLUMN %I %s', log, col.name, col.type);
        EXECUTE pg_catalog.format('ALTER TABLE %s ADD COLUMN %I %s', pending, col.name, col.type);
        captured := pg_catalog.jsonb_populate_record(captured, pg_catalog.jsonb_build_object(
            'columns', pg_catalog.array_remove(captured.columns, col.name) || col.name
        ));
        added := true;
    END LOOP;
    is_widening := false;
    IF added AND EXISTS (
        SELECT FROM pg_catalog.pg_trigger AS g
        WHERE g.tgfoid = ANY (bi_refresh.capture_function_oids(captured.id))
    ) THEN
        captured := pg_catalog.jsonb_populate_record(
            captured, pg_catalog.jsonb_build_object('layout', captured.layout + 1)
        );
    END IF;
    UPDATE bi_refresh.captured_table AS t
    SET columns = captured.columns, layout = captured.layout
    WHERE t.id = captured.id;

    PERFORM bi_refresh.set_capture_functions(captured.id);
    PERFORM bi_refresh.set_capture_triggers(captured.id, NOT added);
    RETURN captured;
EXCEPTION
    WHEN lock_not_available THEN
        IF NOT is_widening THEN
            RAISE;
        END IF;
        RAISE EXCEPTION
            'changes of % cannot be captured with more columns: a transaction that changed it did not end within 5 s (%)',
            name, coalesce(bi_refresh.lock_users(log::pg_catalog.regclass), 'it has ended meanwhile')
        USING ERRCODE = 'lock_not_available', HINT = 'Try again when it has ended, or end it: SELECT pg_terminate_backend(...);';
END
$$;
