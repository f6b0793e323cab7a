-- Every materialized or incremental view that is somebody's own. Sizes come from pg_class, as the last VACUUM or ANALYZE saw them: the functions that
-- measure files would wait for a refresh under way. may_be_counted: see the function of this name.
SELECT
    c.oid,
    format('%%I.%%I', n.nspname, c.relname) AS name,
    n.nspname::text AS schema_name,
    c.relname::text AS relation,
    quote_ident(pg_get_userbyid(c.relowner)) AS owner,
    c.relispopulated AS is_populated,
    c.reltuples >= 0 AS is_analyzed,
    CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS row_count,
    (
        c.relpages + (
            SELECT coalesce(sum(i.relpages), 0)
            FROM pg_index AS x
            INNER JOIN pg_class AS i ON x.indexrelid = i.oid
            WHERE x.indrelid = c.oid
        )
    )::bigint * current_setting('block_size')::bigint AS size_bytes,
    c.relpages AS pages,
    coalesce((
        SELECT NOT o.option_value::boolean
        FROM pg_options_to_table(c.reloptions) AS o
        WHERE o.option_name = 'autovacuum_enabled'
    ), false) AS autovacuum_is_off,
    coalesce(s.n_dead_tup, 0) AS dead_rows,
    coalesce(s.n_live_tup, 0) AS live_rows,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS is_readable,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
    AND (
        SELECT count(*)
        FROM pg_index AS i
        WHERE i.indrelid = c.oid AND (i.indpred IS NOT NULL OR i.indexprs IS NOT NULL)
    ) = 0
    AND (
        SELECT count(*)
        FROM pg_statistic_ext AS e
        WHERE e.stxrelid = c.oid AND e.stxexprs IS NOT NULL
    ) = 0 AS may_be_counted,
    (
        SELECT count(*)
        FROM pg_locks AS l
        INNER JOIN pg_database AS d ON l.database = d.oid
        WHERE l.relation = c.oid AND l.mode = 'AccessExclusiveLock' AND d.datname = current_database()
    ) > 0 AS is_locked,
    pg_has_role(%(refresher)s::oid, c.relowner, 'USAGE')
    OR CASE
        WHEN current_setting('server_version_num')::integer >= 170000
            THEN has_table_privilege(%(refresher)s::oid, c.oid, 'MAINTAIN')
        ELSE false
    END AS may_be_refreshed
FROM pg_class AS c
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
LEFT JOIN pg_stat_all_tables AS s ON c.oid = s.relid
WHERE (
    c.relkind = 'm'
    OR c.oid IN (
        SELECT m.relation
        FROM bi_refresh.maintained_table AS m
        WHERE m.stage IS NULL AND m.relation IS NOT NULL
    )
)
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'bi_refresh_incremental')
    AND n.nspname !~ '^pg_(toast|temp)'
    -- an extension's own views are its own affair
    AND NOT EXISTS (
        SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    )
ORDER BY name
