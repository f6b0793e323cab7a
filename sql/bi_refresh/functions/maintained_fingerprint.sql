-- What view_state keeps as an incremental view's fingerprint: what it reads, its own stages excepted. What it is made from stands in
-- maintained_table.
CREATE OR REPLACE FUNCTION bi_refresh.maintained_fingerprint(view_name text)
RETURNS jsonb
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.jsonb_build_object(
            'taken_at', pg_catalog.transaction_timestamp(),
            'relations', coalesce(pg_catalog.jsonb_agg(DISTINCT r.relation), '[]')
        )
        FROM bi_refresh.maintained_table AS m
        CROSS JOIN LATERAL pg_catalog.unnest(m.relations) AS r (relation)
        WHERE m.view_name = maintained_fingerprint.view_name
            AND r.relation NOT IN (
                SELECT own.relation FROM bi_refresh.maintained_table AS own
                WHERE own.view_name = maintained_fingerprint.view_name AND own.relation IS NOT NULL
            )
    );
END
$$;
