INSERT INTO bi_refresh.view_policy (view_name, enabled, target_lag, statement_timeout)
VALUES (%(view_name)s, %(enabled)s, %(target_lag)s, %(statement_timeout)s)
ON CONFLICT (view_name) DO UPDATE
SET
    enabled = excluded.enabled,
    target_lag = excluded.target_lag,
    statement_timeout = excluded.statement_timeout,
    updated_at = now()
