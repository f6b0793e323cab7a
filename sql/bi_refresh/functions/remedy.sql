-- What to do about a failed refresh, by its SQLSTATE. NULL: PostgreSQL's own message has to be enough.
CREATE OR REPLACE FUNCTION bi_refresh.remedy(view_name text, failure_sqlstate text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
    WHEN failure_sqlstate = '42704'
        THEN 'Write it as schema.name; if it is not managed yet, add it to views.toml and run vistafresca apply.'
    WHEN bi_refresh.view_oid(view_name) IS NULL
        THEN pg_catalog.format(
            'Create %s again, or take it out of views.toml and run vistafresca apply.', view_name
        )
    WHEN failure_sqlstate = '55000' AND bi_refresh.usable_unique_index(bi_refresh.view_oid(view_name)) IS NULL
        THEN bi_refresh.unique_index_ddl(bi_refresh.view_oid(view_name))
    WHEN failure_sqlstate IN ('21000', '23505')
        THEN pg_catalog.format(
            'As its owner, %s, list the offending keys: SELECT * FROM bi_refresh.duplicate_keys(%L); '
            'then correct the rows, the view''s query or its unique index.',
            bi_refresh.owner_of(bi_refresh.view_oid(view_name)), view_name
        )
    WHEN failure_sqlstate = '55P03'
        THEN pg_catalog.format(
            'Another session held a lock on %s, or on something it reads, for longer than that. If it still does, its transaction is '
            'among the first of: SELECT pid, usename, application_name, state, xact_start, query FROM pg_stat_activity '
            'WHERE xact_start < now() - interval %L ORDER BY xact_start; end it with pg_terminate_backend(pid).',
            view_name, pg_catalog.current_setting('lock_timeout')
        )
    WHEN failure_sqlstate = '57014'
        THEN pg_catalog.format(
            'Give %s a longer timeout in views.toml, or see where its time goes: EXPLAIN (ANALYZE, BUFFERS) of its query.',
            view_name
        )
    WHEN failure_sqlstate = '42501'
        THEN pg_catalog.format(
            'Let %1$I refresh it: GRANT MAINTAIN ON %2$s TO %1$I (PostgreSQL 17 and newer), or make %1$I a member of its owner: '
            'GRANT %3$I TO %1$I.',
            current_user, view_name,
            bi_refresh.owner_of(bi_refresh.view_oid(view_name))
        )
    WHEN failure_sqlstate IN ('42703', '42P01', '42883')
        THEN pg_catalog.format(
            'Something that the query of %s uses is gone, or is not found with a safe search_path (a function with an unqualified '
            'name in its body: ALTER FUNCTION ... SET search_path). See: SELECT pg_get_viewdef(%L);', view_name, view_name
        )
    WHEN failure_sqlstate IN ('53100', '53200')
        THEN 'The server is out of disk space or memory: free some before the next run. A concurrent refresh needs room for a second '
            'copy of the view.'
END
$$;
