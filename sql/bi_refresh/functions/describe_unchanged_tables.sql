-- Since when nothing changed beneath an incremental view, in words, and what it took to know.
CREATE OR REPLACE FUNCTION bi_refresh.describe_unchanged_tables(
    view_name text, unchanged_since timestamptz, began_at timestamptz
)
RETURNS text
LANGUAGE plpgsql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.format(
            'nothing changed since %s UTC (captured changes of %s, %s ms)',
            pg_catalog.to_char(unchanged_since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
            bi_refresh.count_of(pg_catalog.count(DISTINCT s.capture_id), 'table'),
            pg_catalog.round((1000 * pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() - began_at))::numeric)
        )
        FROM bi_refresh.maintained_table AS m
        INNER JOIN bi_refresh.maintained_source AS s ON m.id = s.table_id
        WHERE m.view_name = describe_unchanged_tables.view_name
    );
END
$$;
