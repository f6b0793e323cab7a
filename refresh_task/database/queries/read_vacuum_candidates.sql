-- Those of the given views for which a VACUUM would pay: many dead rows, or a first population, which nobody has analyzed. With who
-- holds the dead rows back (`held_by`), and whether this role may. The row of view_state was written by the view's last refresh, so
-- its xmin is as new as the newest of its dead rows: a holder as old as that, or older, keeps them.
WITH holders (holder, holds) AS (
    SELECT
        format('session %%s (%%s)', a.pid, coalesce(nullif(a.application_name, ''), 'no application name')),
        held.xid
    FROM pg_stat_activity AS a
    CROSS JOIN LATERAL (VALUES (a.backend_xmin), (a.backend_xid)) AS held (xid)
    WHERE (a.datname = current_database() OR a.backend_type = 'walsender') AND a.pid <> pg_backend_pid()
    UNION ALL
    SELECT
        format('prepared transaction %%L', p.gid),
        p.transaction
    FROM pg_prepared_xacts AS p
    WHERE p.database = current_database()
    UNION ALL
    SELECT
        format('replication slot %%s', r.slot_name),
        r.xmin
    FROM pg_replication_slots AS r
)

SELECT
    s.view_name AS view,
    n.nspname AS schema_name,
    c.relname AS relation_name,
    s.churned_rows,
    pg_has_role(c.relowner, 'USAGE')
    -- from PostgreSQL 17 on; a CASE, for older ones do not know the word
    OR CASE
        WHEN current_setting('server_version_num')::integer >= 170000 THEN has_table_privilege(c.oid, 'MAINTAIN')
        ELSE false
    END AS is_allowed,
    held_back.holder AS held_by
FROM bi_refresh.view_state AS s
INNER JOIN pg_class AS c ON c.oid = bi_refresh.view_oid(s.view_name)
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
CROSS JOIN LATERAL (SELECT s.view_name = any(%(populated)s::text []) AS is_new) AS population
LEFT JOIN LATERAL (
    SELECT holders.holder
    FROM holders
    WHERE NOT population.is_new AND age(holders.holds) >= age(s.xmin)
    ORDER BY age(holders.holds) DESC
    LIMIT 1
) AS held_back ON true
WHERE s.view_name = any(%(views)s::text [])
    AND (population.is_new OR s.churned_rows >= greatest(10000, 0.2 * coalesce(s.rows_total, 0)))
ORDER BY s.view_name
