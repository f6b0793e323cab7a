SELECT
    d.kind,
    d.objid::bigint AS object,
    d.name,
    d.problem
FROM bi_refresh.relation_dependents(ARRAY[%(relation)s::oid]) AS d
ORDER BY d.name
