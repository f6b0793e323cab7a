SELECT t.definition::bigint AS definition
FROM bi_refresh.maintained_table AS t
WHERE t.id = %(table)s
