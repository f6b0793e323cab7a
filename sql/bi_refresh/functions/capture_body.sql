-- The body of a captured table's trigger function: one statement for each kind of change, because every writer waits for it. It
-- runs with the rights of bi_refresh's owner under the writer's search_path, so each name says its schema, and nothing compares,
-- casts or computes a value of the user's. A captured column that was renamed or dropped is NULL instead of failing the write:
-- a name that the changed rows do not have is looked up in what stands outside of them.
--   by_row   for a table that logical replication writes to: called for each row
CREATE OR REPLACE FUNCTION bi_refresh.capture_body(captured bi_refresh.captured_table, by_row boolean)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- A statement that changes more rows is one entry that says: everything.
    most_rows CONSTANT integer := 20000;
    log CONSTANT text := pg_catalog.format('bi_refresh_incremental.log_%s', captured.id);
    names CONSTANT text := coalesce((
        SELECT pg_catalog.string_agg(pg_catalog.format('%I', c.name), ', ' ORDER BY c.position)
        FROM pg_catalog.unnest(captured.columns) WITH ORDINALITY AS c (name, position)
    ), '');
    missing CONSTANT text := coalesce((
        SELECT pg_catalog.string_agg(
            pg_catalog.format('NULL::%I.%I AS %I', n.nspname, t.typname, a.attname), ', ' ORDER BY c.position
        )
        FROM pg_catalog.unnest(captured.columns) WITH ORDINALITY AS c (name, position)
        INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = pg_catalog.to_regclass(log) AND c.name = a.attname
        INNER JOIN pg_catalog.pg_type AS t ON a.atttypid = t.oid
        INNER JOIN pg_catalog.pg_namespace AS n ON t.typnamespace = n.oid
    ), '');
    target CONSTANT text := pg_catalog.format(
        'INSERT INTO %s (bi_refresh_layout, bi_refresh_weight%s)', log, CASE WHEN names <> '' THEN ', ' || names ELSE '' END
    );
    -- %1$s: 1 or -1, %2$s: the rows. Each value has its column's type, which saves a step for each row.
    image CONSTANT text := CASE
        WHEN names = '' THEN pg_catalog.format('SELECT %s, %%1$s::pg_catalog.int2 FROM %%2$s', captured.layout)
        ELSE pg_catalog.format(
            'SELECT %s, %%1$s::pg_catalog.int2, image.*'
            ' FROM (SELECT %s) AS missing CROSS JOIN LATERAL (SELECT %s FROM %%2$s) AS image',
            captured.layout, missing, pg_catalog.replace(names, '%', '%%')
        )
    END;
    everything CONSTANT text := pg_catalog.format(
        'INSERT INTO %s (bi_refresh_layout, bi_refresh_weight) VALUES (%s, 0);', log, captured.layout
    );
    new_image CONSTANT text := pg_catalog.format(
        image, '1', CASE WHEN by_row THEN '(SELECT new.*) AS new_row' ELSE 'new_rows' END
    );
    old_image CONSTANT text := pg_catalog.format(
        image, '(-1)', CASE WHEN by_row THEN '(SELECT old.*) AS old_row' ELSE 'old_rows' END
    );
    limited CONSTANT text := CASE WHEN by_row THEN ';' ELSE pg_catalog.format(' LIMIT %s;', most_rows + 1) END;
BEGIN
    RETURN pg_catalog.concat_ws(
        E'\n',
        '',
        '-- Made by bi_refresh.capture_body().',
        '#variable_conflict use_column',
        'DECLARE',
        '    changes bigint;',
        'BEGIN',
        '    IF tg_op OPERATOR(pg_catalog.=) ''INSERT'' THEN',
        '        ' || target,
        '        ' || new_image || limited,
        '    ELSIF tg_op OPERATOR(pg_catalog.=) ''UPDATE'' THEN',
        '        ' || target,
        '        ' || new_image,
        '        UNION ALL',
        '        ' || old_image || limited,
        '    ELSIF tg_op OPERATOR(pg_catalog.=) ''DELETE'' THEN',
        '        ' || target,
        '        ' || old_image || limited,
        '    ELSE',
        '        ' || everything,
        '    END IF;',
        CASE WHEN NOT by_row THEN '    GET DIAGNOSTICS changes = ROW_COUNT;' END,
        CASE WHEN NOT by_row THEN pg_catalog.format('    IF changes OPERATOR(pg_catalog.>) %s THEN', most_rows) END,
        CASE WHEN NOT by_row THEN '        ' || everything END,
        CASE WHEN NOT by_row THEN '    END IF;' END,
        '    RETURN NULL;',
        'END',
        ''
    );
END
$$;
