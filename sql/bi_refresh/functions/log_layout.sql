-- What a captured table's entries look like: the number of the layout, and the columns that its log really has, as `, a, b`. A type
-- that is dropped takes its columns along, also from there.
CREATE OR REPLACE FUNCTION bi_refresh.log_layout(capture_id integer, OUT number integer, OUT columns text)
LANGUAGE sql
-- what was committed a moment ago, too, where the transaction sees it
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    t.layout,
    coalesce(
        pg_catalog.string_agg(pg_catalog.format(', %I', a.attname), '' ORDER BY c.position) FILTER (WHERE a.attname IS NOT NULL), ''
    )
FROM bi_refresh.captured_table AS t
LEFT JOIN LATERAL pg_catalog.unnest(t.columns) WITH ORDINALITY AS c (name, position) ON true
LEFT JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = pg_catalog.to_regclass(pg_catalog.format('bi_refresh_incremental.log_%s', t.id)) AND c.name = a.attname
WHERE t.id = capture_id
GROUP BY t.layout
$$;
