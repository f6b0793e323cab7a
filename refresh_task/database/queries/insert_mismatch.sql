INSERT INTO bi_refresh.incremental_mismatch (view_name, stage, found_by, difference, row_key)
VALUES (%(view)s, %(stage)s, 'verify', %(difference)s, %(row_key)s::jsonb)
