-- For the rest of the transaction.
SELECT set_config('lock_timeout', %(lock_timeout_ms)s::text, true)
