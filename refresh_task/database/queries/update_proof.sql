UPDATE bi_refresh.incremental_view
SET
    proof = %(proof)s,
    proved_structure = %(structure)s
WHERE view_name = %(view)s
