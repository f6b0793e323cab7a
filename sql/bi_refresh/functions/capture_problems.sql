-- Why what captured tables' logs say may not be all that changed, in words that say which table; no row: it is. As the caller's
-- snapshot sees it.
CREATE OR REPLACE FUNCTION bi_refresh.capture_problems(capture_ids integer[])
RETURNS TABLE (capture_id integer, problem text)
LANGUAGE sql
STABLE
-- a reader may ask; it tells of names alone
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
SELECT t.id, found.problem
FROM bi_refresh.captured_table AS t
LEFT JOIN pg_catalog.pg_class AS c ON t.relation = c.oid
CROSS JOIN LATERAL (
    SELECT pg_catalog.format('the table with OID %s is gone', t.relation) AS problem
    WHERE c.oid IS NULL
    UNION ALL
    SELECT bi_refresh.capture_obstacle(c.oid)
    UNION ALL
    SELECT pg_catalog.format(
        '%s has become a partition or child of %s', c.oid::pg_catalog.regclass, i.inhparent::pg_catalog.regclass
    )
    FROM pg_catalog.pg_inherits AS i
    WHERE i.inhrelid = c.oid
    UNION ALL
    SELECT pg_catalog.min(coalesce(y.problem, pg_catalog.format(
        '%s.%I is of the type %s by now, and was captured as %s',
        c.oid::pg_catalog.regclass, y.name, y.type::pg_catalog.regtype, a.atttypid::pg_catalog.regtype
    )))
    FROM bi_refresh.capture_column_types(c.oid, t.columns) AS y
    LEFT JOIN pg_catalog.pg_attribute AS a
        ON a.attrelid = pg_catalog.to_regclass(pg_catalog.format('bi_refresh_incremental.log_%s', t.id)) AND y.name = a.attname
    WHERE c.oid IS NOT NULL
        AND (y.problem IS NOT NULL OR y.type::pg_catalog.regtype <> a.atttypid)
        -- what no view needs any more, after it was proved anew, is captured as NULL and does no harm
        AND (
            EXISTS (
                SELECT FROM bi_refresh.maintained_source AS s
                WHERE s.capture_id = t.id AND y.name = ANY (coalesce(s.columns, t.columns))
            )
            OR NOT EXISTS (SELECT FROM bi_refresh.maintained_source AS s WHERE s.capture_id = t.id)
        )
    UNION ALL
    SELECT pg_catalog.format('the function bi_refresh_incremental.%s() is not as it was made', f.name)
    FROM bi_refresh.capture_functions(ARRAY[t.id]) AS f
    -- one that is missing is said of its triggers
    WHERE NOT f.is_right AND pg_catalog.to_regproc(pg_catalog.format('bi_refresh_incremental.%I', f.name)) IS NOT NULL
    UNION ALL
    SELECT pg_catalog.min(pg_catalog.format(
        CASE
            WHEN g.by_row THEN 'logical replication writes to %s, which fires row triggers only, and it has no such trigger %s'
            WHEN g.trigger IS NULL THEN '%s has no trigger %s'
            ELSE 'the trigger %2$s on %1$s is not enabled always, or not as it was made'
        END,
        g.relation::pg_catalog.regclass, g.name
    ))
    FROM bi_refresh.capture_triggers(ARRAY[t.id]) AS g
    WHERE NOT g.is_right
) AS found
WHERE t.id = ANY (capture_ids) AND found.problem IS NOT NULL
UNION ALL
SELECT asked.id, pg_catalog.format('nothing is captured under the number %s', asked.id)
FROM pg_catalog.unnest(capture_ids) AS asked (id)
WHERE NOT EXISTS (SELECT FROM bi_refresh.captured_table AS t WHERE t.id = asked.id)
$$;
