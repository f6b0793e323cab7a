SELECT
    t.id,
    t.position,
    t.stage,
    t.kind,
    t.relation::bigint AS relation,
    t.definition::bigint AS definition,
    t.key_columns::text[] AS key,
    t.slices,
    t.measures,
    t.data_timestamp
FROM bi_refresh.maintained_table AS t
WHERE t.view_name = %(view)s
ORDER BY t.position
