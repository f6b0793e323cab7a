-- The triggers that captured tables need, and those that are there in their place.
--   trigger   NULL: there is none of that name
--   version   of the trigger that is there: another one was made, enabled or disabled meanwhile
--   is_right  it captures what it should, whoever writes
CREATE OR REPLACE FUNCTION bi_refresh.capture_triggers(capture_ids integer[])
RETURNS TABLE (
    capture_id integer,
    relation oid,
    event text,
    name name,
    function_name name,
    by_row boolean,
    trigger oid,
    version text,
    is_right boolean
)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
-- Planning it for the values at hand takes longer than running it.
SET plan_cache_mode = force_generic_plan
AS $$
SELECT
    m.capture_id,
    m.relation,
    needed.event,
    needed.name,
    needed.function_name,
    needed.by_row,
    g.oid,
    pg_catalog.concat_ws('/', g.oid, g.xmin, g.tgenabled),
    coalesce(
        -- for replication's writers, too, and for whoever sets session_replication_role
        g.tgenabled = 'A'
        AND NOT g.tgisinternal
        AND g.tgtype = needed.kind
        AND g.tgqual IS NULL
        AND pg_catalog.cardinality(g.tgattr::smallint[]) = 0
        AND g.tgfoid = pg_catalog.to_regproc(pg_catalog.format('bi_refresh_incremental.%I', needed.function_name))
        AND g.tgnewtable IS NOT DISTINCT FROM needed.new_rows
        AND g.tgoldtable IS NOT DISTINCT FROM needed.old_rows,
        false
    )
FROM bi_refresh.capture_members(capture_ids) AS m
CROSS JOIN LATERAL (
    SELECT
        e.event,
        pg_catalog.format('bi_refresh_capture_%s_%s', e.event, m.capture_id)::name AS name,
        m.by_row AND e.event <> 'truncate' AS by_row,
        pg_catalog.format(
            CASE WHEN m.by_row AND e.event <> 'truncate' THEN 'capture_%s_%s_row' ELSE 'capture_%s_%s' END,
            m.capture_id, e.event
        )::name AS function_name,
        -- pg_trigger.h: 1 for each row, 4 insert, 8 delete, 16 update, 32 truncate
        e.bit + CASE WHEN m.by_row AND e.event <> 'truncate' THEN 1 ELSE 0 END AS kind,
        CASE WHEN NOT m.by_row THEN e.new_rows END AS new_rows,
        CASE WHEN NOT m.by_row THEN e.old_rows END AS old_rows
    FROM (
        VALUES
        ('insert', 4, 'new_rows'::name, NULL::name),
        ('update', 16, 'new_rows', 'old_rows'),
        ('delete', 8, NULL, 'old_rows'),
        ('truncate', 32, NULL, NULL)
    ) AS e (event, bit, new_rows, old_rows)
    -- partitioned tables have no rows of their own
    WHERE m.has_rows OR NOT m.by_row OR e.event = 'truncate'
) AS needed
LEFT JOIN pg_catalog.pg_trigger AS g ON m.relation = g.tgrelid AND needed.name = g.tgname
$$;
