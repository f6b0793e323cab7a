SELECT bi_refresh.execute_as_owner(%(table)s, %(statement)s) AS answer
