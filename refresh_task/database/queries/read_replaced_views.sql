-- Whether ordinary views that stages were made of say something else now.
SELECT count(*) > 0 AS replaced
FROM bi_refresh.maintained_table AS t
WHERE t.view_name = %(view)s AND t.whole_digest <> bi_refresh.definition_digest(t.whole)
