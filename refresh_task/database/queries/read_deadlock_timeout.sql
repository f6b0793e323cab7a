SELECT s.setting::integer AS ms
FROM pg_settings AS s
WHERE s.name = 'deadlock_timeout'
