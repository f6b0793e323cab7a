-- What the server is and how it is set, as any role can see it. reset_val is what the role or database has set, before a session of
-- ours set its own. Names are quoted as statements need them. `refresher` is who refreshes: the owner of bi_refresh's functions, or the current role where there are none.
SELECT
    current_setting('server_version_num')::integer AS version_num,
    current_setting('server_version') AS version,
    quote_ident(current_database()) AS database_name,
    quote_ident(current_user) AS role_name,
    quote_ident(refresher.rolname) AS refresher,
    refresher.oid AS refresher_oid,
    refresher.rolsuper AS refresher_is_superuser,
    pg_is_in_recovery() AS is_replica,
    current_setting('TimeZone') AS time_zone,
    (
        SELECT count(*)
        FROM pg_db_role_setting AS pinned
        CROSS JOIN unnest(pinned.setconfig) AS setting (written)
        LEFT JOIN pg_database AS d ON pinned.setdatabase = d.oid
        WHERE lower(setting.written) LIKE 'timezone=%%'
            AND coalesce(d.datname = current_database(), true)
            AND pinned.setrole IN (0, refresher.oid)
    ) > 0 AS time_zone_is_pinned,
    current_setting('track_counts')::boolean AS counts_are_tracked,
    current_setting('autovacuum')::boolean AS autovacuum_is_on,
    current_setting('client_connection_check_interval') <> '0' AS clients_are_checked,
    (
        SELECT s.reset_val
        FROM pg_settings AS s
        WHERE s.name = 'idle_in_transaction_session_timeout'
    )::integer AS idle_in_transaction_timeout_ms,
    current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
    - (
        SELECT count(*)
        FROM pg_stat_activity AS a
        WHERE a.backend_type = 'client backend'
    ) AS free_connections,
    current_setting('max_connections')::integer AS max_connections,
    (SELECT count(*) FROM pg_stat_replication) AS replicas,
    pg_has_role('pg_read_all_stats', 'USAGE') AS sees_all_sessions,
    to_regrole('rds_superuser') IS NOT NULL AS is_rds,
    coalesce(known.is_aurora, false) AS is_aurora,
    cron.is_readable IS NOT NULL AS has_cron,
    coalesce(cron.is_readable, false) AS reads_cron,
    installed.owner_oid IS NOT NULL AS is_installed,
    coalesce(installed.is_readable, false) AS reads_policies,
    coalesce(installed.may_refresh, false) AS may_refresh
FROM (
    SELECT bool_or(p.proname = 'aurora_version') AS is_aurora
    FROM pg_proc AS p
) AS known
LEFT JOIN (
    SELECT has_schema_privilege(c.relnamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS is_readable
    FROM pg_class AS c
    WHERE c.relnamespace = to_regnamespace('cron') AND c.relname = 'job'
) AS cron ON true
LEFT JOIN (
    SELECT
        p.proowner AS owner_oid,
        has_schema_privilege(p.pronamespace, 'USAGE') AND has_function_privilege(p.oid, 'EXECUTE') AS may_refresh,
        has_schema_privilege(p.pronamespace, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS is_readable
    FROM pg_proc AS p
    INNER JOIN pg_class AS c ON p.pronamespace = c.relnamespace AND c.relname = 'view_policy'
    WHERE p.pronamespace = to_regnamespace('bi_refresh') AND p.proname = 'refresh_bi_views'
) AS installed ON true
CROSS JOIN LATERAL (
    SELECT
        r.oid,
        r.rolname,
        r.rolsuper
    FROM pg_roles AS r
    WHERE r.oid = coalesce(installed.owner_oid, to_regrole(quote_ident(current_user)))
) AS refresher
