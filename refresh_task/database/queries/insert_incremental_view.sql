INSERT INTO bi_refresh.incremental_view (view_name, step, output, query, original)
VALUES (%(view)s, 'registered', %(output)s, %(definition)s, %(original)s::jsonb)
