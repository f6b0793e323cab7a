INSERT INTO bi_refresh.maintained_table (view_name, position, stage)
VALUES (%(view)s, %(position)s, %(stage)s)
RETURNING id
