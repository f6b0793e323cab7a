-- Views whose definition, or what it reads, is not what they were proved for. May this session prove them?
SELECT
    o.view_name,
    pg_has_role(n.nspowner, 'USAGE') AS may_prove
FROM bi_refresh.outdated_proofs() AS o
INNER JOIN pg_namespace AS n ON n.nspname = 'bi_refresh'
