-- The body of one of a captured table's trigger functions. It does as little as it can, because every writer waits for it: one
-- statement, in a function for each kind of change that asks nothing else. It runs with the rights of bi_refresh's owner under the
-- writer's search_path, so each name says its schema, and nothing compares, casts or computes a value of the user's. A captured
-- column that was renamed or dropped is NULL instead of failing the write: a name that the changed rows do not have is looked up in
-- what stands outside of them. So is one that has come to another type (captured_value()). Both are settled when the statement is
-- planned: what is executed scans the changed rows and does nothing else.
--   event    insert, update, delete, truncate
--   by_row   for a table that logical replication writes to: called for each row
CREATE OR REPLACE FUNCTION bi_refresh.capture_body(captured bi_refresh.captured_table, event text, by_row boolean)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- A statement that changes more rows is one entry that says: everything.
    most_rows CONSTANT integer := 100000;
    log CONSTANT text := pg_catalog.format('bi_refresh_incremental.log_%s', captured.id);
    everything CONSTANT text := pg_catalog.format(
        'INSERT INTO %s (bi_refresh_layout, bi_refresh_weight) VALUES (%s, 0);', log, captured.layout
    );
    names text;
    missing text;
    taken text;
    images text;
    write text := everything;
BEGIN
    IF event <> 'truncate' THEN
        -- A type that is dropped takes its columns along, also from the log (log_layout()).
        SELECT
            pg_catalog.string_agg(pg_catalog.format('%I', a.attname), ', ' ORDER BY c.position),
            pg_catalog.string_agg(pg_catalog.format('%s AS %I', nothing.value, a.attname), ', ' ORDER BY c.position),
            -- CASE gives a domain's value the type that the domain is made of, as the log's column has it
            pg_catalog.string_agg(
                pg_catalog.format(
                    'bi_refresh.captured_value(CASE WHEN true THEN %I END, %s, 0)', a.attname, nothing.value
                ),
                ', ' ORDER BY c.position
            )
        INTO names, missing, taken
        FROM pg_catalog.unnest(captured.columns) WITH ORDINALITY AS c (name, position)
        INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = pg_catalog.to_regclass(log) AND c.name = a.attname
        INNER JOIN pg_catalog.pg_type AS t ON a.atttypid = t.oid
        INNER JOIN pg_catalog.pg_namespace AS n ON t.typnamespace = n.oid
        CROSS JOIN LATERAL (SELECT pg_catalog.format('NULL::%I.%I', n.nspname, t.typname) AS value) AS nothing;
        -- Each value has its column's type, which saves a step for each row.
        SELECT pg_catalog.string_agg(
            CASE
                WHEN names IS NULL
                    THEN pg_catalog.concat('SELECT ', captured.layout, ', ', image.weight, '::pg_catalog.int2 FROM ', image.rows)
                ELSE pg_catalog.concat(
                    'SELECT ', captured.layout, ', ', image.weight, '::pg_catalog.int2, image.*',
                    ' FROM (SELECT ', missing, ') AS missing',
                    ' CROSS JOIN LATERAL (SELECT ', taken, ' FROM ', image.rows, ') AS image'
                )
            END,
            ' UNION ALL '
        )
        INTO images
        FROM (
            VALUES
            ('1', 'delete', CASE WHEN by_row THEN '(SELECT new.*) AS new_row' ELSE 'new_rows' END),
            ('(-1)', 'insert', CASE WHEN by_row THEN '(SELECT old.*) AS old_row' ELSE 'old_rows' END)
        ) AS image (weight, not_of, rows)
        WHERE image.not_of <> capture_body.event;
        write := pg_catalog.concat(
            'INSERT INTO ', log, ' (', pg_catalog.concat_ws(', ', 'bi_refresh_layout', 'bi_refresh_weight', names), ') ', images
        );
        write := CASE
            WHEN by_row THEN write || ';'
            ELSE pg_catalog.concat(
                write, ' LIMIT ', most_rows + 1, E';\n    GET DIAGNOSTICS changes = ROW_COUNT;\n',
                '    IF changes OPERATOR(pg_catalog.>) ', most_rows, E' THEN\n        ', everything, E'\n    END IF;'
            )
        END;
    END IF;
    RETURN pg_catalog.concat(
        E'\n-- Made by bi_refresh.capture_body().\n#variable_conflict use_column\nDECLARE\n    changes bigint;\nBEGIN\n    ',
        write,
        -- what it is makes no difference; unlike NULL, it is no expression to evaluate
        E'\n    RETURN new;\nEND\n'
    );
END
$$;
