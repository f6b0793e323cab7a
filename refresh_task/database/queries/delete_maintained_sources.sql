DELETE FROM bi_refresh.maintained_source
WHERE table_id = %(table)s
