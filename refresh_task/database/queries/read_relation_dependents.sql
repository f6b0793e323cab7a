SELECT DISTINCT
    d.kind,
    d.objid::bigint AS object,
    d.name,
    d.problem
FROM bi_refresh.relation_dependents(
    %(relation)s::oid || ARRAY(SELECT r.relation FROM bi_refresh.rebuilt_views(ARRAY[%(relation)s::oid]) AS r)
) AS d
ORDER BY d.name
