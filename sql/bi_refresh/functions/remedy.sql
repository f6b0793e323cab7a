-- What to do about a failed refresh, by its SQLSTATE: the view and the next step, in a sentence or two. NULL: PostgreSQL's own message
-- has to be enough.
CREATE OR REPLACE FUNCTION bi_refresh.remedy(view_name text, failure_sqlstate text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
    WHEN failure_sqlstate = '42704' AND bi_refresh.view_oid(view_name) IS NULL
        THEN 'Write it as schema.name; if it is not managed yet, add it to views.toml and run vistafresca apply.'
    -- What says nothing about the view itself, and so holds for one that is gone, too.
    WHEN bi_refresh.is_transient(failure_sqlstate) AND failure_sqlstate NOT IN ('55P03', '40001', '40P01')
        THEN bi_refresh.outage_remedy(view_name, failure_sqlstate)
    WHEN failure_sqlstate = '53100'
        THEN pg_catalog.format(
            'The server''s disk is full, so the run stopped. Free space, or enlarge the storage, before the next one; a concurrent '
            'refresh of %s needs room for a second copy of it, in temporary files.', view_name
        )
    WHEN failure_sqlstate = '53200'
        THEN pg_catalog.format(
            'The server is out of memory, so the run stopped. Lower work_mem or VISTAFRESCA_CONNECTIONS, or give the server more '
            'memory; see what %s needs: EXPLAIN (ANALYZE, BUFFERS) of its query.', view_name
        )
    WHEN EXISTS (
        SELECT FROM bi_refresh.incremental_view AS v
        WHERE v.view_name = remedy.view_name AND v.status IN ('enabled', 'distrusted')
    ) AND NOT bi_refresh.is_incremental(view_name)
        THEN pg_catalog.format(
            'What is kept for %1$s is not under its name: vistafresca incremental disable %1$s says where it is, or makes the '
            'materialized view again from its definition.', view_name
        )
    WHEN bi_refresh.view_oid(view_name) IS NULL
        THEN pg_catalog.format(
            'Create %s again, or take it out of views.toml and run vistafresca apply.', view_name
        )
    WHEN failure_sqlstate = 'VF001'
        THEN pg_catalog.format(
            'Readers keep the last good data of %s. Correct the data that it is made from, or the check in views.toml.', view_name
        )
    WHEN bi_refresh.is_incremental(view_name) AND bi_refresh.incremental_remedy(view_name, failure_sqlstate) IS NOT NULL
        THEN bi_refresh.incremental_remedy(view_name, failure_sqlstate)
    WHEN failure_sqlstate = '55000' AND bi_refresh.usable_unique_index(bi_refresh.view_oid(view_name)) IS NULL
        THEN bi_refresh.unique_index_ddl(bi_refresh.view_oid(view_name))
    WHEN failure_sqlstate IN ('55000', '0A000')
        THEN pg_catalog.format(
            'Something that %s reads cannot be read as it is now: most often a materialized view that was never populated. Find it: '
            'SELECT oid::regclass FROM pg_class WHERE relkind = ''m'' AND NOT relispopulated; and refresh it first.', view_name
        )
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
    WHEN failure_sqlstate IN ('40001', '40P01')
        THEN pg_catalog.format(
            'Another session refreshed %s, or changed or locked what it reads, at the same moment, every time. The next run tries '
            'again; if it happens often, see that nothing else refreshes it (pg_cron, an application): the server''s log names the '
            'other session.', view_name
        )
    WHEN failure_sqlstate = '57014'
        THEN pg_catalog.format(
            'Give %s a longer timeout in views.toml, or see where its time goes: EXPLAIN (ANALYZE, BUFFERS) of its query.',
            view_name
        )
    WHEN failure_sqlstate = '42501'
        THEN pg_catalog.format(
            'Let %1$I refresh it: GRANT MAINTAIN ON %2$s TO %1$I (PostgreSQL 17 and newer), or make %1$I a member of its owner: '
            'GRANT %3$I TO %1$I. If that is so, %3$I itself lacks the right to something that the view reads.',
            current_user, view_name,
            bi_refresh.owner_of(bi_refresh.view_oid(view_name))
        )
    WHEN failure_sqlstate IN ('42703', '42P01', '42883', '3F000')
        THEN pg_catalog.format(
            'Something that the query of %s uses is gone, or is not found with a safe search_path (a function with an unqualified '
            'name in its body: ALTER FUNCTION ... SET search_path). See: SELECT pg_get_viewdef(%L);', view_name, view_name
        )
    WHEN failure_sqlstate = '53400'
        THEN pg_catalog.format(
            'A limit of the server''s configuration stopped it (temp_file_limit, say): raise it for the task''s role, or see what %s '
            'needs: EXPLAIN (ANALYZE, BUFFERS) of its query.', view_name
        )
    WHEN pg_catalog.starts_with(failure_sqlstate, '22')
        THEN pg_catalog.format(
            'A value in the data does not fit the query of %1$s. See the query: SELECT pg_get_viewdef(%1$L); correct the value, or '
            'guard the expression (NULLIF for a divisor, a CASE before a cast). EXPLAIN VERBOSE of it shows where it is evaluated.',
            view_name
        )
    WHEN pg_catalog.starts_with(failure_sqlstate, '42')
        THEN pg_catalog.format(
            'The query of %1$s does not fit what it reads any more. See it: SELECT pg_get_viewdef(%1$L); and create the view again '
            'with a query that does.', view_name
        )
    WHEN pg_catalog.starts_with(failure_sqlstate, 'P0')
        THEN pg_catalog.format(
            'A function that %1$s calls refused: its own message says why. See the query: SELECT pg_get_viewdef(%1$L);', view_name
        )
    WHEN failure_sqlstate LIKE 'XX%'
        THEN pg_catalog.format(
            'The server found its own data or code at fault while refreshing %s: look at its log before anything else, and check the '
            'table or index that it names (amcheck, REINDEX).', view_name
        )
END
$$;
