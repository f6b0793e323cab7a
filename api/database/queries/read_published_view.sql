-- A managed view as reading it needs it: how it is published, whether it is there, and how old its contents are. Its age is not known
-- if it was dropped and created anew since its last refresh. Asked at every read, so it is quick to plan, too.
SELECT
    p.view_name,
    name.parts[1] AS schema_name,
    name.parts[2] AS relation_name,
    p.endpoint,
    c.oid::bigint AS view_oid,
    c.relfilenode::bigint AS file_node,
    coalesce(c.relispopulated, false) AS is_populated,
    extract(EPOCH FROM p.target_lag)::float8 AS target_lag_s,
    CASE WHEN s.view_oid = c.oid AND c.relispopulated THEN s.global_data_timestamp END AS data_timestamp,
    CASE WHEN s.view_oid = c.oid AND c.relispopulated THEN s.refreshed_at END AS refreshed_at,
    now() AS now
FROM bi_refresh.view_policy AS p
CROSS JOIN LATERAL parse_ident(p.view_name) AS name (parts)
LEFT JOIN pg_namespace AS n ON name.parts[1] = n.nspname
-- a materialized view, or the table of an incremental one
LEFT JOIN pg_class AS c
    ON n.oid = c.relnamespace AND name.parts[2] = c.relname
        AND (
            c.relkind = 'm'
            OR c.oid IN (
                SELECT m.relation
                FROM bi_refresh.maintained_table AS m
                WHERE m.view_name = p.view_name AND m.stage IS NULL
            )
        )
LEFT JOIN bi_refresh.view_state AS s ON p.view_name = s.view_name
WHERE p.view_name = %(view_name)s
