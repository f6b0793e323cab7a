-- Views whose definition, or what it reads, is not what they were proved for. May this session prove them?
SELECT
    v.view_name,
    pg_has_role(n.nspowner, 'USAGE') AS may_prove
FROM bi_refresh.incremental_view AS v
INNER JOIN pg_namespace AS n ON n.nspname = 'bi_refresh'
WHERE v.status IN ('enabled', 'distrusted') AND bi_refresh.proof_holds(v.view_name) IS NOT true
ORDER BY v.view_name
