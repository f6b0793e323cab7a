SELECT bi_refresh.request_refresh(%(view)s, %(priority)s, %(reason)s) AS id
