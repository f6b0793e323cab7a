SELECT bi_refresh.ask_as_owner(%(table)s, %(statement)s) AS answer
