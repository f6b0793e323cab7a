SELECT bi_refresh.maintained_structure(%(view)s) AS structure
