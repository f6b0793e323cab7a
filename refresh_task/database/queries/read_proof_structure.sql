SELECT bi_refresh.proof_structure(%(view)s) AS structure
