-- Without the first, a killed container leaves its refresh running on the server. The keepalives are the server's: they free the
-- run lock of a host that vanished without closing its connections. The rest undoes what a role or database may have set: time-outs
-- that would end an idle control session or a long refresh, an isolation level, and formats that the driver does not read. By
-- statement, for RDS Proxy refuses start-up options; and the server process's number is asked for, for behind a proxy the driver has
-- the proxy's.
SELECT
    set_config('client_connection_check_interval', '500ms', false),
    set_config('tcp_keepalives_idle', '30', false),
    set_config('tcp_keepalives_interval', '10', false),
    set_config('tcp_keepalives_count', '3', false),
    set_config('idle_in_transaction_session_timeout', '60s', false),
    set_config('statement_timeout', %(statement_timeout_ms)s::text, false),
    set_config('lock_timeout', %(lock_timeout_ms)s::text, false),
    set_config('default_transaction_isolation', %(isolation)s, false),
    set_config('DateStyle', 'ISO', false),
    set_config('IntervalStyle', 'postgres', false),
    set_config('search_path', 'pg_catalog, pg_temp', false),
    (
        SELECT count(set_config(s.name, '0', false))
        FROM pg_settings AS s
        WHERE s.name IN ('idle_session_timeout', 'transaction_timeout') -- the second from PostgreSQL 17 on
    ),
    pg_backend_pid() AS backend_pid
