-- What is kept for the view is computed in full when it is brought up to date the next time.
UPDATE bi_refresh.maintained_table
SET structure = NULL
WHERE view_name = %(view)s
