-- Copies what waits for a maintained table of one captured table to pg_temp.changed_<table>_<capture>; returns how many rows that
-- is. With `distinct_rows`, equal ones once, where equal means that no expression can tell them apart. No columns but those that the
-- table asks for: its owner's code could read them there, and may have no right to the others.
CREATE OR REPLACE FUNCTION bi_refresh.copy_changes(
    table_id integer, capture_id integer, distinct_rows boolean, with_log boolean
)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    name CONSTANT name := pg_catalog.format('changed_%s_%s', table_id, capture_id);
    present CONSTANT oid := (
        SELECT c.oid FROM pg_catalog.pg_class AS c
        WHERE c.relnamespace = pg_catalog.pg_my_temp_schema() AND c.relname = name
    );
    owner CONSTANT name := (
        SELECT bi_refresh.owner_of(t.definition) FROM bi_refresh.maintained_table AS t WHERE t.id = copy_changes.table_id
    );
    columns text;
    is_plain boolean;
    copied bigint;
BEGIN
    IF present IS NOT NULL THEN
        -- Somebody else's might have triggers that would run with our rights.
        IF bi_refresh.owner_of(present) <> current_user THEN
            RAISE EXCEPTION 'the temporary table % of % is in the way', name, bi_refresh.owner_of(present)
            USING ERRCODE = 'duplicate_table', HINT = 'Drop it: only Vistafresca makes tables of that name.';
        END IF;
        EXECUTE pg_catalog.format('DROP TABLE pg_temp.%I', name);
    END IF;

    SELECT
        coalesce(
            pg_catalog.string_agg(pg_catalog.format(', e.%I', a.attname), '' ORDER BY c.position)
                FILTER (WHERE a.attname IS NOT NULL),
            ''
        ),
        coalesce(pg_catalog.bool_and(bi_refresh.equal_is_identical(a.atttypid, a.attcollation)), true)
    INTO columns, is_plain
    FROM bi_refresh.captured_table AS captured
    CROSS JOIN LATERAL pg_catalog.unnest(captured.columns) WITH ORDINALITY AS c (name, position)
    INNER JOIN bi_refresh.maintained_source AS s
        ON captured.id = s.capture_id AND s.table_id = copy_changes.table_id AND c.name = ANY (coalesce(s.columns, captured.columns))
    LEFT JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = pg_catalog.to_regclass(pg_catalog.format('bi_refresh_incremental.log_%s', copy_changes.capture_id))
            AND c.name = a.attname
            AND NOT a.attisdropped
    WHERE captured.id = copy_changes.capture_id;

    EXECUTE pg_catalog.format(
        $copy$
        CREATE TEMPORARY TABLE %1$I ON COMMIT DROP AS
        SELECT %2$s e.bi_refresh_weight %3$s
        FROM (
            SELECT e.bi_refresh_weight %3$s
            FROM bi_refresh_incremental.pending_%4$s AS e
            WHERE e.bi_refresh_table = %5$s
            UNION ALL
            SELECT e.bi_refresh_weight %3$s
            FROM bi_refresh_incremental.log_%4$s AS e
            WHERE %6$s
        ) AS e
        $copy$,
        name,
        CASE WHEN distinct_rows AND is_plain THEN 'DISTINCT' ELSE '' END,
        columns,
        capture_id,
        table_id,
        CASE WHEN with_log THEN 'true' ELSE 'false' END
    );
    GET DIAGNOSTICS copied = ROW_COUNT;
    IF owner IS NOT NULL THEN
        EXECUTE pg_catalog.format('GRANT SELECT ON pg_temp.%I TO %I', name, owner);
    END IF;
    RETURN copied;
END
$$;
