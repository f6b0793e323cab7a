-- Since when nothing changed beneath an incremental view, in words, and what it took to know.
--   former   the fingerprint of its contents
CREATE OR REPLACE FUNCTION bi_refresh.describe_unchanged_tables(view_name text, former jsonb, took_ms double precision)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.format(
            'nothing changed since %s UTC (captured changes of %s, %s ms)',
            pg_catalog.to_char(
                coalesce((former ->> 'taken_at')::timestamptz, pg_catalog.min(m.data_timestamp)) AT TIME ZONE 'UTC',
                'YYYY-MM-DD HH24:MI:SS'
            ),
            bi_refresh.count_of(pg_catalog.count(DISTINCT s.capture_id), 'table'),
            pg_catalog.round(took_ms::numeric)
        )
        FROM bi_refresh.maintained_table AS m
        INNER JOIN bi_refresh.maintained_source AS s ON m.id = s.table_id
        WHERE m.view_name = describe_unchanged_tables.view_name
    );
END
$$;
