-- The tables beneath a view that were certainly written to since its fingerprint was taken, by the statistics' counters. The
-- others may have been written to as well: a server process may keep what it counted to itself. NULL: nothing to compare.
CREATE OR REPLACE FUNCTION bi_refresh.definitely_changed(view_name text)
RETURNS text[]
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.array_agg(t.entry ->> 'name' ORDER BY t.entry ->> 'name')
FROM bi_refresh.view_state AS s
CROSS JOIN LATERAL pg_catalog.jsonb_each(s.fingerprint -> 'tables') AS t (relation, entry)
WHERE s.view_name = definitely_changed.view_name
    AND s.fingerprint ->> 'counters_since' = bi_refresh.counters_since()
    AND t.entry -> 'writes' <> pg_catalog.jsonb_build_array(
        pg_catalog.pg_stat_get_tuples_inserted(t.relation::oid),
        pg_catalog.pg_stat_get_tuples_updated(t.relation::oid),
        pg_catalog.pg_stat_get_tuples_deleted(t.relation::oid)
    )
$$;
