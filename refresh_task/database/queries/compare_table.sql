SELECT
    c.difference,
    c.row_key
FROM bi_refresh.compare_table(%(table)s) AS c
