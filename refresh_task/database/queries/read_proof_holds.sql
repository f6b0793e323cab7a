SELECT coalesce(bi_refresh.proof_holds(%(view)s), false) AS holds
