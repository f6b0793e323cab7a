-- The statement that works out what a linear table's groups come to with the changes claimed for it, as
-- pg_temp.differences_<table> for apply_differences(): one row for each group that is another afterwards. `is_impossible`: it would
-- have fewer rows or values than none, so the table was not what its changes are counted from.
--
-- A key may be NULL, which = does not find: such groups are looked up by a hash of the whole key.
CREATE OR REPLACE FUNCTION bi_refresh.linear_differences(target bi_refresh.maintained_table)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    measures CONSTANT jsonb := target.measures;
    counts CONSTANT text := (
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(c.value ->> 'column'), ', ')
        FROM pg_catalog.jsonb_array_elements(measures -> 'counters') AS c (value)
        WHERE c.value ->> 'kind' = 'count'
    );
    rows_column CONSTANT name := measures ->> 'rows';
    keys text; -- key columns as output of the first part
    key_columns text;
    present_columns text;
    is_same text;
    is_alike text;
    is_null text;
    deltas text;
    is_moved text;
    sums text;
    columns text;
BEGIN
    SELECT
        pg_catalog.string_agg(pg_catalog.format('%s AS %I', k.value ->> 'expression', k.value ->> 'column'), ', ' ORDER BY k.position),
        pg_catalog.string_agg(pg_catalog.format('delta.%I', k.value ->> 'column'), ', ' ORDER BY k.position),
        pg_catalog.string_agg(pg_catalog.format('present.%I', k.value ->> 'column'), ', ' ORDER BY k.position),
        pg_catalog.string_agg(pg_catalog.format('present.%1$I = delta.%1$I', k.value ->> 'column'), ' AND ' ORDER BY k.position),
        pg_catalog.string_agg(
            pg_catalog.format('present.%1$I IS NOT DISTINCT FROM delta.%1$I', k.value ->> 'column'), ' AND ' ORDER BY k.position
        ),
        pg_catalog.string_agg(pg_catalog.format('delta.%I IS NULL', k.value ->> 'column'), ' OR ' ORDER BY k.position)
    INTO keys, key_columns, present_columns, is_same, is_alike, is_null
    FROM pg_catalog.jsonb_array_elements(measures -> 'keys') WITH ORDINALITY AS k (value, position);

    SELECT
        pg_catalog.string_agg(
            CASE WHEN c.value ->> 'kind' IN ('max', 'min') THEN pg_catalog.format(
                'pg_catalog.%1$s(%2$s) FILTER (WHERE bi_refresh_weight > 0%3$s) AS %4$I, '
                'pg_catalog.%1$s(%2$s) FILTER (WHERE bi_refresh_weight < 0%3$s) AS %5$I',
                c.value ->> 'kind',
                c.value ->> 'expression',
                ' AND (' || (c.value ->> 'condition') || ')',
                c.value ->> 'column',
                (c.value ->> 'column') || '_gone'
            )
            ELSE pg_catalog.format(
                'coalesce(pg_catalog.sum(bi_refresh_weight%s)%s, 0)::pg_catalog.%I AS %I',
                ' * (' || (c.value ->> 'expression') || ')::pg_catalog.'
                || CASE c.value ->> 'type' WHEN 'bigint' THEN 'int8' ELSE 'numeric' END,
                ' FILTER (WHERE ' || (c.value ->> 'condition') || ')',
                CASE WHEN c.value ->> 'type' = 'numeric' THEN 'numeric' ELSE 'int8' END,
                c.value ->> 'column'
            ) END,
            ', ' ORDER BY c.position
        ),
        pg_catalog.string_agg(
            CASE WHEN c.value ->> 'kind' IN ('max', 'min')
                -- what came or went is beyond what is there, or as far, or nothing is there yet
                THEN pg_catalog.format(
                    'delta.%1$I %3$s present.%1$I OR delta.%2$I %3$s present.%1$I '
                    'OR (present.%1$I IS NULL AND pg_catalog.num_nonnulls(delta.%1$I, delta.%2$I) > 0)',
                    c.value ->> 'column', (c.value ->> 'column') || '_gone', CASE c.value ->> 'kind' WHEN 'max' THEN '>=' ELSE '<=' END
                )
                ELSE pg_catalog.format('delta.%I <> 0', c.value ->> 'column')
            END,
            ' OR ' ORDER BY c.position
        ),
        pg_catalog.string_agg(
            CASE
                WHEN c.value ->> 'kind' IN ('max', 'min') THEN pg_catalog.format(
                    -- Of values that came and went in one claim it is not known which is left: only one that is beyond all
                    -- that went is certain. Otherwise the group itself is asked.
                    'CASE WHEN (delta.%2$I %3$s present.%1$I) IS NOT FALSE AND (delta.%1$I %4$s present.%1$I) IS NOT FALSE '
                    'AND present.%1$I IS NOT NULL THEN present.%1$I '
                    'WHEN (present.%1$I %4$s delta.%1$I) IS NOT FALSE AND (delta.%2$I %3$s delta.%1$I) IS NOT FALSE '
                    'AND (delta.%1$I IS NOT NULL OR pg_catalog.num_nonnulls(present.%1$I, delta.%2$I) = 0) THEN delta.%1$I '
                    'ELSE (SELECT whole.%1$I FROM %5$s AS whole WHERE <key>) END AS %1$I',
                    c.value ->> 'column',
                    (c.value ->> 'column') || '_gone',
                    CASE c.value ->> 'kind' WHEN 'max' THEN '<' ELSE '>' END,
                    CASE c.value ->> 'kind' WHEN 'max' THEN '<=' ELSE '>=' END,
                    target.definition::pg_catalog.regclass
                )
                WHEN c.value ->> 'kind' = 'count' THEN pg_catalog.format('coalesce(present.%1$I, 0) + delta.%1$I AS %1$I', c.value ->> 'column')
                -- a sum of no values is NULL
                ELSE pg_catalog.format(
                    'CASE WHEN coalesce(present.%1$I, 0) + delta.%1$I%2$s > 0 THEN coalesce(present.%3$I, 0) + delta.%3$I END AS %3$I',
                    c.value ->> 'count',
                    pg_catalog.replace(' - coalesce(present.#, 0) - delta.#', '#', pg_catalog.quote_ident(c.value ->> 'nan')),
                    c.value ->> 'column'
                )
            END,
            ', ' ORDER BY c.position
        )
    INTO deltas, is_moved, sums
    FROM pg_catalog.jsonb_array_elements(measures -> 'counters') WITH ORDINALITY AS c (value, position);

    SELECT pg_catalog.string_agg(
        pg_catalog.format(
            '%s AS c%s',
            coalesce(
                -- a group that is gone may be divided by its rows
                pg_catalog.format('CASE WHEN %I > 0 THEN ', rows_column) || (result.value ->> 'expression') || ' END',
                pg_catalog.quote_ident(a.attname)
            ),
            a.position
        ),
        ', ' ORDER BY a.position
    )
    INTO columns
    FROM (
        SELECT a.attname, pg_catalog.row_number() OVER (ORDER BY a.attnum) AS position
        FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = target.relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    ) AS a
    LEFT JOIN pg_catalog.jsonb_array_elements(measures -> 'results') AS result (value)
        ON a.attname = result.value ->> 'column';

    RETURN pg_catalog.format(
        $statement$
        CREATE TEMPORARY TABLE differences_%1$s ON COMMIT DROP AS
        WITH delta AS MATERIALIZED (
            SELECT %2$s, %3$s
            FROM pg_temp.changed_%1$s_%4$s
            WHERE %5$s
            GROUP BY %6$s
        ),
        latest AS (
            SELECT present.ctid AS bi_refresh_place, %7$s, %18$s
            FROM delta
            LEFT JOIN %9$s AS present ON %10$s
            WHERE (%11$s) AND NOT (%12$s)
            UNION ALL
            SELECT present.ctid, %7$s, %8$s
            FROM delta
            LEFT JOIN %9$s AS present
                ON pg_catalog.hash_record_extended(ROW(%13$s), 0) = pg_catalog.hash_record_extended(ROW(%7$s), 0) AND %14$s
            WHERE (%11$s) AND (%12$s)
        )
        -- what came to the same again is not written
        SELECT shown.*
        FROM (
            SELECT
                bi_refresh_place AS row_id, %15$I = 0 AS is_gone, true AS differs, %16$s AS is_impossible, %17$s
            FROM latest
            WHERE bi_refresh_place IS NOT NULL OR %15$I <> 0 OR %16$s
        ) AS shown
        LEFT JOIN %9$s AS former ON shown.row_id = former.ctid
        WHERE former.ctid IS NULL OR shown.is_gone OR shown.is_impossible
            OR pg_catalog.record_image_ne(ROW(%19$s), ROW(%20$s))
        $statement$,
        target.id,
        keys,
        deltas,
        (SELECT s.capture_id FROM bi_refresh.maintained_source AS s WHERE s.table_id = target.id),
        coalesce(measures ->> 'condition', 'true'),
        (
            SELECT pg_catalog.string_agg(n.position::text, ', ')
            FROM pg_catalog.generate_series(1, pg_catalog.jsonb_array_length(measures -> 'keys')) AS n (position)
        ),
        key_columns,
        pg_catalog.replace(sums, '<key>', pg_catalog.replace(is_alike, 'present.', 'whole.')),
        target.relation::pg_catalog.regclass,
        is_same,
        is_moved,
        is_null,
        present_columns,
        is_alike,
        rows_column,
        pg_catalog.format('(least(%1$s) < 0 OR (%2$I = 0 AND greatest(%1$s) > 0))', counts, rows_column),
        columns,
        pg_catalog.replace(sums, '<key>', pg_catalog.replace(is_same, 'present.', 'whole.')),
        bi_refresh.numbered_columns(target.relation, 'shown.'),
        bi_refresh.column_list(target.relation, 'former.')
    );
END
$$;
