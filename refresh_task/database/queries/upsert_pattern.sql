INSERT INTO bi_refresh.view_pattern (pattern, position, policy)
VALUES (%(pattern)s, %(position)s, %(policy)s::jsonb)
ON CONFLICT (pattern) DO UPDATE
SET position = excluded.position, policy = excluded.policy
