-- Without the first, a killed container leaves its refresh running on the server. The keepalives are the server's: they free the
-- run lock of a host that vanished without closing its connections. Set by statement, for RDS Proxy refuses start-up options.
SELECT
    set_config('client_connection_check_interval', '500ms', false),
    set_config('tcp_keepalives_idle', '30', false),
    set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '3', false),
    set_config('idle_in_transaction_session_timeout', '60s', false),
    set_config('statement_timeout', %(statement_timeout_ms)s::text, false),
    set_config('lock_timeout', %(lock_timeout_ms)s::text, false)
