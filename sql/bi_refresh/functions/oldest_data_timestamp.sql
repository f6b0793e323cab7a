-- The oldest data timestamp among a view's contents of this moment and the managed, enabled views that they were made from; NULL:
-- the age of one of these is not known.
--   fingerprint   of the contents, which tells most views' answer at once; NULL: not taken
CREATE OR REPLACE FUNCTION bi_refresh.oldest_data_timestamp(view_oid oid, snapshot_at timestamptz, fingerprint jsonb)
RETURNS timestamptz
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF fingerprint IS NOT NULL
        AND NOT EXISTS (
            SELECT FROM pg_catalog.pg_class AS c
            WHERE c.oid = ANY (bi_refresh.covered_relations(fingerprint))
                AND (
                    c.relkind = 'm'
                    OR c.oid IN (SELECT m.relation FROM bi_refresh.maintained_table AS m WHERE m.relation IS NOT NULL)
                )
        )
        AND NOT EXISTS (
            SELECT FROM bi_refresh.view_state AS s
            INNER JOIN bi_refresh.view_policy AS p ON s.view_name = p.view_name
            WHERE s.view_oid = oldest_data_timestamp.view_oid AND p.depends_on <> '{}'
        )
    THEN
        RETURN snapshot_at;
    END IF;
    RETURN (
        SELECT
            CASE
                WHEN pg_catalog.bool_and(s.global_data_timestamp IS NOT NULL) IS NOT false
                    THEN LEAST(snapshot_at, pg_catalog.min(s.global_data_timestamp))
            END
        FROM bi_refresh.upstream_views(ARRAY[oldest_data_timestamp.view_oid]) AS u
        INNER JOIN bi_refresh.view_policy AS p ON u.upstream_oid = bi_refresh.view_oid(p.view_name)
        LEFT JOIN bi_refresh.view_state AS s ON p.view_name = s.view_name AND u.upstream_oid = s.view_oid
        WHERE p.enabled
    );
END
$$;
