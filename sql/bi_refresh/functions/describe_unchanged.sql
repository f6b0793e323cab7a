-- Since when nothing changed beneath a view, how that is known, and what it cost, in words.
--   former        the fingerprint of its contents
--   fingerprint   the one of now, which is equal to it
CREATE OR REPLACE FUNCTION bi_refresh.describe_unchanged(
    former jsonb, fingerprint jsonb, fingerprint_ms double precision
)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.format(
    'nothing changed since %s UTC (%s)',
    pg_catalog.to_char((former ->> 'taken_at')::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS'),
    pg_catalog.concat_ws(
        ', ',
        CASE WHEN counted.touched > 0 THEN 'touch triggers of ' || bi_refresh.count_of(counted.touched, 'table') END,
        CASE
            WHEN counted.touched = 0 OR counted.is_read > 0
                THEN 'fingerprint of ' || bi_refresh.count_of(counted.is_read, 'table')
        END,
        counted.notes,
        CASE
            WHEN fingerprint_ms < 1000 THEN pg_catalog.round(fingerprint_ms::numeric, 0) || ' ms'
            ELSE pg_catalog.round(fingerprint_ms::numeric / 1000, 1) || ' s'
        END
    )
)
FROM (
    SELECT
        pg_catalog.count(*) FILTER (WHERE t.entry ->> 'method' = 'touch') AS touched,
        pg_catalog.count(*) FILTER (WHERE t.entry ->> 'method' = 'physical') AS is_read,
        pg_catalog.string_agg(t.entry ->> 'note', ', ' ORDER BY t.entry ->> 'note') AS notes
    FROM pg_catalog.jsonb_each(fingerprint -> 'tables') AS t (relation, entry)
) AS counted
$$;
