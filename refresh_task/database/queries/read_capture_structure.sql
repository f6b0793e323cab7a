SELECT bi_refresh.capture_structure(%(captures)s::integer[]) AS structure
