-- The query that gives the keys of one of a maintained table's slices that changes touch, each once: of rows that changed (the
-- claim's temporary tables), and of rows that entered or left a window when the moment of the contents became this
-- transaction's. NULL: none of the slice's sources changed. The window's bounds are included, so it gives rather too many.
-- Where rows name their slice by a row of another table, that is looked up as this transaction sees it: one that is another now
-- than it was when the contents were made has itself changed, and touches what it touched then.
--   changed     the captured tables that rows of were claimed
--   is_moved    whether a date or time that the definition depends on is another now
CREATE OR REPLACE FUNCTION bi_refresh.dirty_keys_query(
    table_id integer, slice integer, changed integer[], is_moved boolean
)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        WITH target AS (
            SELECT
                m.id,
                m.relation,
                bi_refresh.slice_columns(m.slices, slice) AS columns,
                pg_catalog.format('%L::pg_catalog.timestamptz', m.data_timestamp) AS moment_then,
                'pg_catalog.now()' AS moment_now
            FROM bi_refresh.maintained_table AS m
            WHERE m.id = table_id
        ),

        source AS (
            SELECT
                s.capture_id,
                c.relation,
                s.slides,
                -- what no scan looked at then, and none looks at now, matters to no slice
                (
                    SELECT ' WHERE ' || pg_catalog.string_agg(
                        pg_catalog.format(
                            '((%s) %s (%s))', w."column", w.operator, pg_catalog.replace(w.bound, '$1', target.moment_then)
                        ),
                        ' AND '
                    ) || ' OR ' || pg_catalog.string_agg(
                        pg_catalog.format(
                            '((%s) %s (%s))', w."column", w.operator, pg_catalog.replace(w.bound, '$1', target.moment_now)
                        ),
                        ' AND '
                    )
                    FROM pg_catalog.jsonb_to_recordset(s.slides) AS w ("column" text, bound text, operator text)
                    WHERE w.operator IS NOT NULL
                ) AS kept,
                -- without a length, which would cut a value off; in the column's collation
                (
                    SELECT pg_catalog.string_agg(
                        pg_catalog.format(
                            CASE WHEN s.lookup IS NULL THEN '(%s)::%s%s AS c%s' ELSE '(%5$s.e%4$s)::%2$s%3$s AS c%4$s' END,
                            e.expression,
                            pg_catalog.format_type(a.atttypid, -1),
                            ' COLLATE ' || nullif(a.attcollation, 0)::pg_catalog.regcollation::text,
                            e.position,
                            CASE WHEN s.lookup -> 'positions' @> pg_catalog.to_jsonb(e.position) THEN 'looked_up' ELSE 'changed' END
                        ),
                        ', ' ORDER BY e.position
                    )
                    FROM ROWS FROM (pg_catalog.unnest(target.columns), pg_catalog.unnest(s.expressions))
                        WITH ORDINALITY AS e (name, expression, position)
                    INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = target.relation AND e.name = a.attname
                ) AS keys,
                bi_refresh.lookup_join(s) AS lookup
            FROM target
            INNER JOIN bi_refresh.maintained_source AS s ON target.id = s.table_id AND s.slice = dirty_keys_query.slice
            INNER JOIN bi_refresh.captured_table AS c ON s.capture_id = c.id
        ),

        part AS (
            SELECT
                pg_catalog.format(
                    'SELECT %s FROM ' || coalesce(source.lookup, '%s%s'),
                    source.keys,
                    pg_catalog.format('pg_temp.changed_%s_%s AS changed', table_id, source.capture_id),
                    source.kept
                ) AS text
            FROM source
            WHERE source.capture_id = ANY (changed)
            UNION ALL
            SELECT
                pg_catalog.format(
                    'SELECT %s FROM ' || coalesce(source.lookup, '%s%s'),
                    source.keys,
                    pg_catalog.format('%s AS source', source.relation::pg_catalog.regclass),
                    pg_catalog.format(
                        ' WHERE (%1$s) IS DISTINCT FROM (%2$s) AND (%3$s) BETWEEN LEAST(%1$s, %2$s) AND GREATEST(%1$s, %2$s)',
                        pg_catalog.replace(w.bound, '$1', target.moment_then),
                        pg_catalog.replace(w.bound, '$1', target.moment_now),
                        w."column"
                    )
                )
            FROM target
            CROSS JOIN source
            CROSS JOIN LATERAL pg_catalog.jsonb_to_recordset(source.slides) AS w ("column" text, bound text)
            WHERE is_moved
        )

        SELECT 'SELECT pg_catalog.row_number() OVER () AS number, false AS is_sample, slice.* '
            -- a slice that stood there twice would be computed twice
            || 'FROM (SELECT DISTINCT * FROM (' || pg_catalog.string_agg(part.text, ' UNION ALL ') || ') AS part) AS slice'
        FROM part
    );
END
$$;
