SELECT set_config('statement_timeout', %(statement_timeout_ms)s::text, false)
