-- Whether all that the proof of an incremental view rests on is still so. What has come since (a column, an index, a partition)
-- does not matter.
CREATE OR REPLACE FUNCTION bi_refresh.proof_holds(view_name text)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT v.proved_structure IS NOT NULL
    AND NOT EXISTS (
        SELECT pg_catalog.unnest(pg_catalog.string_to_array(v.proved_structure, E'\n'))
        EXCEPT
        SELECT pg_catalog.unnest(pg_catalog.string_to_array(bi_refresh.proof_structure(v.view_name), E'\n'))
    )
FROM bi_refresh.incremental_view AS v
WHERE v.view_name = proof_holds.view_name
$$;
