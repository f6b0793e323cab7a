-- The views that are refreshed incrementally, or ought to be, whose proof rests on something that is not so any more.
CREATE OR REPLACE FUNCTION bi_refresh.outdated_proofs()
RETURNS TABLE (view_name text)
LANGUAGE sql
STABLE
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
SELECT v.view_name
FROM bi_refresh.incremental_view AS v
WHERE v.status IN ('enabled', 'distrusted') AND bi_refresh.proof_holds(v.view_name) IS NOT true
ORDER BY v.view_name
$$;
