SELECT
    i.index_oid::bigint AS index,
    i.index_name AS name
FROM bi_refresh.indexes_to_copy(%(source)s::oid, %(target)s::oid) AS i
