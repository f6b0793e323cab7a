-- Writes what find_differences() found into the maintained table, by the rows' places: only rows that differ are written, and a
-- statement that would write none is left out, for its triggers would fire all the same. Where further unique indexes could
-- meet in the midst of an UPDATE, changed rows are deleted and inserted. Counts a changed row as deleted and inserted, as REFRESH
-- does.
CREATE OR REPLACE FUNCTION bi_refresh.apply_differences(
    target bi_refresh.maintained_table, missing bigint, surplus bigint, other bigint,
    OUT inserted bigint, OUT deleted bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    replaces CONSTANT boolean := other > 0 AND EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = target.relation
            AND (i.indisunique OR i.indisexclusion)
            AND NOT (
                i.indexprs IS NULL
                AND (
                    SELECT pg_catalog.array_agg(a.attname ORDER BY a.attname)
                    FROM pg_catalog.pg_attribute AS a
                    WHERE a.attrelid = i.indrelid AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])
                ) = ARRAY(SELECT k.name FROM pg_catalog.unnest(target.key_columns) AS k (name) ORDER BY k.name)
            )
    );
    columns CONSTANT text := bi_refresh.column_list(target.relation);
    latest CONSTANT text := bi_refresh.numbered_columns(target.relation, 'latest.');
    name CONSTANT text := target.relation::pg_catalog.regclass::text;
    to_delete CONSTANT bigint := surplus + CASE WHEN replaces THEN other ELSE 0 END;
    to_insert CONSTANT bigint := missing + CASE WHEN replaces THEN other ELSE 0 END;
    to_write CONSTANT bigint := to_delete + to_insert + CASE WHEN replaces THEN 0 ELSE other END;
    written bigint := 0;
BEGIN
    IF to_delete > 0 THEN
        written := written + bi_refresh.execute_as_owner(target.id, pg_catalog.format(
            'DELETE FROM %s AS present USING pg_temp.differences_%s AS latest WHERE present.ctid = latest.row_id AND latest.differs%s',
            name, target.id, CASE WHEN replaces THEN '' ELSE ' AND latest.is_gone' END
        ));
    END IF;
    IF other > 0 AND NOT replaces THEN
        written := written + bi_refresh.execute_as_owner(target.id, pg_catalog.format(
            'UPDATE %s AS present SET (%s) = ROW(%s) FROM pg_temp.differences_%s AS latest '
            'WHERE present.ctid = latest.row_id AND latest.differs AND NOT latest.is_gone',
            name, columns, latest, target.id
        ));
    END IF;
    IF to_insert > 0 THEN
        written := written + bi_refresh.execute_as_owner(target.id, pg_catalog.format(
            'INSERT INTO %s (%s) SELECT %s FROM pg_temp.differences_%s AS latest WHERE latest.differs AND %s',
            name, columns, latest, target.id,
            CASE WHEN replaces THEN 'NOT latest.is_gone' ELSE 'latest.row_id IS NULL' END
        ));
    END IF;
    IF written <> to_write THEN
        RAISE EXCEPTION '% rows of % were to be written, and % were: a trigger or a rule of somebody''s interferes',
            to_write, name, written
        USING ERRCODE = 'triggered_action_exception';
    END IF;
    inserted := missing + other;
    deleted := surplus + other;
END
$$;
