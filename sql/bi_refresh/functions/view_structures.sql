-- Everything but rows that views' contents come from, as one digest for each: their definitions, the relations that they read
-- (each pair of the two arrays: a view, and one of its sources), partitions and children, columns, the parameters that matter,
-- and the database's code for those that use any. By the transactions that last changed the catalogs' rows and not by what these
-- say: what was changed and changed back between two looks was another thing meanwhile.
CREATE OR REPLACE FUNCTION bi_refresh.view_structures(views oid[], relations oid[])
RETURNS TABLE (view_oid oid, structure text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH pair AS (
    SELECT v.view_oid, v.relation
    FROM ROWS FROM (pg_catalog.unnest(views), pg_catalog.unnest(relations)) AS v (view_oid, relation)
    WHERE v.relation IS NOT NULL
    UNION
    SELECT v.view_oid, v.view_oid
    FROM pg_catalog.unnest(views) AS v (view_oid)
),

described AS (
    SELECT
        c.oid,
        pg_catalog.concat_ws(
            ' ', c.oid, c.relkind, c.relowner,
            -- TRUNCATE and a refresh without CONCURRENTLY change this row, too; that their rows differ is told apart by the
            -- tables' state
            CASE WHEN c.relkind <> 'm' THEN c.xmin::text END,
            queries.versions, columns.versions, edges.versions
        ) AS text,
        coalesce(queries.use_code, false) OR coalesce(columns.use_code, false) AS uses_code
    FROM pg_catalog.pg_class AS c
    CROSS JOIN LATERAL (
        SELECT
            pg_catalog.string_agg(pg_catalog.concat_ws('/', 'q', r.oid, r.xmin), ' ' ORDER BY r.oid) AS versions,
            pg_catalog.bool_or(EXISTS (
                -- what is built in is not recorded
                SELECT FROM pg_catalog.pg_depend AS d
                WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                    AND d.objid = r.oid
                    AND d.refclassid <> 'pg_catalog.pg_class'::pg_catalog.regclass
                    AND d.refclassid <> 'pg_catalog.pg_constraint'::pg_catalog.regclass
            )) AS use_code
        FROM pg_catalog.pg_rewrite AS r
        WHERE c.relkind IN ('v', 'm') AND r.ev_class = c.oid
    ) AS queries
    CROSS JOIN LATERAL (
        SELECT
            pg_catalog.string_agg(
                pg_catalog.concat_ws('/', 'c', a.attnum, a.xmin, generated.xmin), ' ' ORDER BY a.attnum
            ) AS versions,
            pg_catalog.bool_or(a.atttypid >= 16384) AS use_code
        FROM pg_catalog.pg_attribute AS a
        LEFT JOIN pg_catalog.pg_attrdef AS generated
            ON a.attgenerated <> '' AND a.attrelid = generated.adrelid AND a.attnum = generated.adnum
        WHERE c.relkind <> 'v' AND a.attrelid = c.oid AND a.attnum > 0
    ) AS columns
    CROSS JOIN LATERAL (
        SELECT pg_catalog.string_agg(
            pg_catalog.concat_ws('/', 'i', i.inhrelid, i.inhparent, i.inhdetachpending, i.xmin), ' '
            ORDER BY i.inhrelid, i.inhparent
        ) AS versions
        FROM (
            SELECT above.*, above.xmin FROM pg_catalog.pg_inherits AS above WHERE above.inhrelid = c.oid
            UNION ALL
            SELECT below.*, below.xmin FROM pg_catalog.pg_inherits AS below WHERE below.inhparent = c.oid
        ) AS i
    ) AS edges
    WHERE c.oid IN (SELECT pair.relation FROM pair)
),

environment AS MATERIALIZED (
    SELECT bi_refresh.environment_digest() AS digest
)

SELECT
    pair.view_oid,
    pg_catalog.md5(pg_catalog.concat_ws(
        '|',
        (SELECT environment.digest FROM environment),
        -- a subquery: asked once, and only if some view uses any
        CASE WHEN pg_catalog.bool_or(described.uses_code) THEN (SELECT bi_refresh.code_digest()) END,
        pg_catalog.string_agg(coalesce(described.text, pair.relation || ' is gone'), '|' ORDER BY pair.relation)
    ))
FROM pair
LEFT JOIN described ON pair.relation = described.oid
GROUP BY pair.view_oid
$$;
