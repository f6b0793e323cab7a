SELECT bi_refresh.resume_view(%(view)s) AS was_suspended
