-- For the rest of the transaction, or until the savepoint around it is rolled back.
SELECT set_config('statement_timeout', %(statement_timeout_ms)s::text, true)
