-- What of the columns of an enabled view's table is not as its definition has it, and what to do about it; NULL: nothing.
SELECT
    bi_refresh.column_problems(t.definition, t.relation) AS problems,
    bi_refresh.incremental_remedy(t.view_name, '42703') AS remedy
FROM bi_refresh.maintained_table AS t
WHERE t.view_name = %(view)s AND t.stage IS NULL
