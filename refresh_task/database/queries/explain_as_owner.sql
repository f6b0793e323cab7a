SELECT bi_refresh.explain_as_owner(%(table)s, %(prepare)s, %(explain)s, %(name)s) AS plan
