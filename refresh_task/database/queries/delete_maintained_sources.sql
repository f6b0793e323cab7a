-- Of those that a new proof does not name any more.
DELETE FROM bi_refresh.maintained_source
WHERE table_id = %(table)s AND NOT capture_id = ANY(%(captures)s::integer[])
