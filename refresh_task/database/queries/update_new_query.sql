-- It is the view's query from the swap on.
UPDATE bi_refresh.incremental_view
SET original = original || jsonb_build_object('new_query', %(definition)s::text)
WHERE view_name = %(view)s
