-- The tables among the given relations, each with the topmost of its tree of partitions or inheriting tables: `members` are all of
-- that tree, by the names that plans give them. changes: rows written since the statistics were last reset, in all of it.
WITH RECURSIVE up (relation, ancestor, depth) AS (
    SELECT
        c.oid AS relation,
        c.oid AS ancestor,
        0 AS depth
    FROM pg_class AS c
    WHERE c.oid = any(%(relations)s::oid []) AND c.relkind IN ('r', 'p', 'm', 'f')
    UNION
    SELECT
        up.relation,
        i.inhparent,
        up.depth + 1
    FROM up
    INNER JOIN pg_inherits AS i ON up.ancestor = i.inhrelid
),

topmost AS (
    SELECT DISTINCT up.ancestor AS oid
    FROM up
    WHERE NOT EXISTS (
        SELECT
        FROM pg_inherits AS i
        WHERE up.ancestor = i.inhrelid
    )
),

down (top, member) AS (
    SELECT
        topmost.oid AS top,
        topmost.oid AS member
    FROM topmost
    UNION
    SELECT
        down.top,
        i.inhrelid
    FROM down
    INNER JOIN pg_inherits AS i ON down.member = i.inhparent
)

SELECT
    c.oid,
    format('%%I.%%I', n.nspname, c.relname) AS name,
    c.relkind::text AS kind,
    (
        SELECT json_agg(json_build_array(mn.nspname, mc.relname))
        FROM down
        INNER JOIN pg_class AS mc ON down.member = mc.oid
        INNER JOIN pg_namespace AS mn ON mc.relnamespace = mn.oid
        WHERE down.top = c.oid
    ) AS members,
    (
        SELECT coalesce(sum(s.n_tup_ins + s.n_tup_upd + s.n_tup_del), 0)::bigint
        FROM down
        INNER JOIN pg_stat_all_tables AS s ON down.member = s.relid
        WHERE down.top = c.oid
    ) AS changes,
    (
        SELECT greatest(sum(mc.reltuples), 0)::bigint
        FROM down
        INNER JOIN pg_class AS mc ON down.member = mc.oid AND mc.relkind IN ('r', 'm')
        WHERE down.top = c.oid
    ) AS row_count,
    (
        SELECT json_agg(
            json_build_object(
                'name', a.attname,
                'type', format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL),
                -- in every member: before 18 a child could drop it; since 18 it may not be validated yet
                'is_not_null', NOT EXISTS (
                    SELECT
                    FROM down
                    INNER JOIN pg_attribute AS ma ON down.member = ma.attrelid AND a.attname = ma.attname
                    LEFT JOIN pg_constraint AS k
                        ON down.member = k.conrelid AND k.contype = 'n' AND k.conkey = ARRAY[ma.attnum]
                            AND NOT k.convalidated
                    WHERE down.top = c.oid AND (NOT ma.attnotnull OR k.oid IS NOT NULL)
                ),
                -- by whoever the view reads with
                'is_readable', has_column_privilege(%(reader)s::oid, c.oid, a.attnum, 'SELECT'),
                'distinct_values', (
                    SELECT max(
                        CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * greatest(sc.reltuples, 1) ELSE s.n_distinct END
                    )
                    FROM down
                    INNER JOIN pg_class AS sc ON down.member = sc.oid
                    INNER JOIN pg_namespace AS sn ON sc.relnamespace = sn.oid
                    INNER JOIN pg_stats AS s
                        ON sn.nspname = s.schemaname AND sc.relname = s.tablename AND a.attname = s.attname
                    WHERE down.top = c.oid
                )
            )
            ORDER BY a.attnum
        )
        FROM pg_attribute AS a
        INNER JOIN pg_type AS t ON a.atttypid = t.oid
        WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    ) AS columns,
    (
        SELECT coalesce(json_agg(found.columns), '[]')
        FROM (
            SELECT (
                SELECT array_agg(a.attname::text ORDER BY a.attnum)
                FROM pg_attribute AS a
                WHERE a.attrelid = i.indrelid AND a.attnum = any(i.indkey::smallint[])
            ) AS columns
            FROM pg_index AS i
            WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
        ) AS found
    ) AS unique_keys
FROM topmost
INNER JOIN pg_class AS c ON topmost.oid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
-- what a view reads of the system's own is an obstacle by itself
WHERE n.nspname NOT IN ('pg_catalog', 'pg_toast')
ORDER BY name
