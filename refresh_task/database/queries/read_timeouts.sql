SELECT s.setting::integer AS statement_timeout_ms
FROM pg_settings AS s
WHERE s.name = 'statement_timeout'
