UPDATE bi_refresh.incremental_view
SET
    proof = %(proof)s::jsonb,
    proved_structure = %(structure)s
WHERE view_name = %(view)s
