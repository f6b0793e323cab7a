-- Those of the views beneath which nothing changed since their fingerprint was taken, as far as catalogs, touch triggers and the
-- heaps of materialized views tell; views that need more than that are not among them. One look at everything for all of them
-- together.
--   fingerprint   the view's, as of now
--   former        the one of its contents
CREATE OR REPLACE FUNCTION bi_refresh.unchanged_views(views text[])
RETURNS TABLE (view_name text, view_oid oid, fingerprint jsonb, former jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    as_they_were jsonb;
    tables jsonb;
BEGIN
    -- by the catalogs
    WITH source AS (
        SELECT s.view_oid, r.relation::oid AS relation
        FROM bi_refresh.view_state AS s
        LEFT JOIN LATERAL pg_catalog.jsonb_array_elements_text(s.fingerprint -> 'relations') AS r (relation) ON true
        WHERE s.view_name = ANY (views)
    )

    SELECT pg_catalog.jsonb_object_agg(s.view_oid, s.fingerprint) INTO as_they_were
    FROM bi_refresh.view_structures(
        ARRAY(SELECT source.view_oid FROM source ORDER BY source.view_oid, source.relation),
        ARRAY(SELECT source.relation FROM source ORDER BY source.view_oid, source.relation)
    ) AS present
    INNER JOIN bi_refresh.view_state AS s ON present.view_oid = s.view_oid AND s.view_name = ANY (views)
    INNER JOIN pg_catalog.pg_class AS c ON s.view_oid = c.oid AND c.relispopulated
    WHERE present.structure = s.fingerprint ->> 'structure';

    -- by what was written to the tables that they read
    SELECT pg_catalog.jsonb_object_agg(t.relation, pg_catalog.to_jsonb(t) - 'relation') INTO tables
    FROM bi_refresh.table_states(
        ARRAY(
            SELECT DISTINCT r.relation::oid
            FROM pg_catalog.jsonb_each(as_they_were) AS v (view_oid, fingerprint)
            CROSS JOIN LATERAL pg_catalog.jsonb_array_elements_text(v.fingerprint -> 'relations') AS r (relation)
        ),
        true, false
    ) AS t
    WHERE t.state IS NOT NULL;

    RETURN QUERY
    SELECT s.view_name, s.view_oid, latest.fingerprint, v.fingerprint
    FROM pg_catalog.jsonb_each(as_they_were) AS v (view_oid, fingerprint)
    CROSS JOIN LATERAL (
        SELECT bi_refresh.assemble_fingerprint(
            v.view_oid::oid,
            v.fingerprint ->> 'structure',
            bi_refresh.covered_relations(v.fingerprint),
            bi_refresh.current_moments(ARRAY(
                SELECT m.moment FROM pg_catalog.jsonb_object_keys(v.fingerprint -> 'moments') AS m (moment)
            )),
            (v.fingerprint -> 'calls_functions')::boolean,
            (
                SELECT coalesce(pg_catalog.jsonb_object_agg(former.relation, tables -> former.relation), '{}')
                FROM pg_catalog.jsonb_object_keys(v.fingerprint -> 'tables') AS former (relation)
            )
        ) AS fingerprint
    ) AS latest
    INNER JOIN bi_refresh.view_state AS s ON s.view_oid = v.view_oid::oid AND s.view_name = ANY (views)
    WHERE bi_refresh.fingerprint_changes(v.fingerprint, latest.fingerprint) IS NULL
    UNION ALL
    SELECT u.view_name, u.view_oid, u.fingerprint, u.former
    FROM bi_refresh.unchanged_incremental_views(views) AS u;
END
$$;
