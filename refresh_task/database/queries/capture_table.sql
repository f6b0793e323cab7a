SELECT
    c.id,
    c.layout
FROM bi_refresh.capture_table(%(relation)s::oid, %(columns)s::name[]) AS c
