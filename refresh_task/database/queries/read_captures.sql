SELECT t.id
FROM bi_refresh.captured_table AS t
ORDER BY t.id
