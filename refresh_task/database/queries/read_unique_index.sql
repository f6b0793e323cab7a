SELECT
    bi_refresh.usable_unique_index(%(relation)s::oid) IS NOT NULL AS has_unique_index,
    bi_refresh.unique_index_ddl(%(relation)s::oid) AS unique_index_ddl
