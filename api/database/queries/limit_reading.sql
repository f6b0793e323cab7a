-- For this transaction. Times are written in UTC, whatever the role or the database prefers.
SELECT
    set_config('statement_timeout', %(statement_timeout_ms)s::text, true),
    set_config('TimeZone', 'UTC', true)
