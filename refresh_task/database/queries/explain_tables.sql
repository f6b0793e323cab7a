-- What capturing the changes of tables would mean: for each tree of partitions or inheriting tables its size, its rows, how many rows are
-- written an hour since the statistics were last reset, and why it could not be given triggers (NULL: it could).
WITH RECURSIVE down (top, member) AS (
    SELECT
        asked.relation AS top,
        asked.relation AS member
    FROM unnest(%(relations)s::oid[]) AS asked (relation)
    UNION
    SELECT
        down.top,
        i.inhrelid
    FROM down
    INNER JOIN pg_inherits AS i ON down.member = i.inhparent
),

age AS (
    SELECT greatest(date_part('epoch', now() - coalesce(d.stats_reset, pg_postmaster_start_time())), 36) / 3600 AS hours
    FROM pg_stat_database AS d
    WHERE d.datname = current_database()
)

SELECT
    down.top::bigint AS relation,
    sum(pg_relation_size(c.oid))::bigint AS bytes,
    greatest(sum(c.reltuples) FILTER (WHERE c.relkind IN ('r', 'm')), 0)::bigint AS row_count,
    (coalesce(sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0) / max(age.hours))::double precision AS changes_per_hour,
    max(age.hours)::double precision AS observed_hours,
    min(
        CASE
            WHEN c.relkind = 'm' THEN NULL
            WHEN NOT pg_has_role(c.relowner, 'USAGE')
                THEN format(
                    '%%1$s belongs to %%I: as %%2$I, GRANT %%2$I TO %%3$I;',
                    c.oid::regclass, pg_get_userbyid(c.relowner), current_user
                )
        END
    ) AS problem
FROM down
INNER JOIN pg_class AS c ON down.member = c.oid
LEFT JOIN pg_stat_all_tables AS s ON c.oid = s.relid
CROSS JOIN age
GROUP BY down.top
