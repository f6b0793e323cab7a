-- Everything but rows that maintained tables' contents come from, and that the proofs of what a change does to them rest on, as one
-- digest for each: their definitions and all that these read (view_structures), constraints and unique indexes of the tables, the
-- triggers that capture their changes, which refresh materialized views among them are of, and the maintained table's own file, which
-- TRUNCATE leaves for another. By the transactions that last changed the catalogs.
CREATE OR REPLACE FUNCTION bi_refresh.maintained_structures(views text[])
RETURNS TABLE (view_name text, table_id integer, structure text)
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH target AS MATERIALIZED (
    SELECT m.view_name, m.id, m.relation, coalesce(m.definition, m.relation) AS view_oid, m.relations
    FROM bi_refresh.maintained_table AS m
    WHERE m.view_name = ANY (views) AND m.relations IS NOT NULL
),

pair AS (
    SELECT target.view_oid, r.relation
    FROM target
    LEFT JOIN LATERAL pg_catalog.unnest(target.relations) AS r (relation) ON true
),

rule AS MATERIALIZED (
    SELECT i.indrelid AS relation, i.indexrelid AS oid, pg_catalog.concat_ws('/', 'i', i.indexrelid, i.xmin) AS version
    FROM pg_catalog.pg_index AS i
    WHERE i.indisunique AND i.indrelid IN (SELECT pair.relation FROM pair)
    UNION ALL
    SELECT c.conrelid, c.oid, pg_catalog.concat_ws('/', 'c', c.oid, c.xmin)
    FROM pg_catalog.pg_constraint AS c
    WHERE c.conrelid IN (SELECT pair.relation FROM pair)
)

SELECT
    target.view_name,
    target.id,
    pg_catalog.md5(pg_catalog.concat_ws(
        '|',
        described.structure,
        (
            SELECT pg_catalog.string_agg(rule.version, ' ' ORDER BY rule.version)
            FROM rule
            WHERE rule.relation = ANY (target.relations)
        ),
        bi_refresh.capture_structure(ARRAY(
            SELECT s.capture_id
            FROM bi_refresh.maintained_source AS s
            WHERE s.table_id = target.id
            ORDER BY s.capture_id
        )),
        -- no trigger tells that a materialized view was refreshed
        (
            SELECT pg_catalog.string_agg(pg_catalog.concat_ws('/', 'm', m.oid, m.xmin, m.relfilenode), ' ' ORDER BY m.oid)
            FROM pg_catalog.pg_class AS m
            WHERE m.oid = ANY (target.relations) AND m.relkind = 'm'
        ),
        c.relkind,
        CASE WHEN c.relkind <> 'm' THEN c.relfilenode END
    ))
FROM target
INNER JOIN pg_catalog.pg_class AS c ON target.relation = c.oid
INNER JOIN bi_refresh.view_structures(
    ARRAY(SELECT pair.view_oid FROM pair ORDER BY pair.view_oid, pair.relation),
    ARRAY(SELECT pair.relation FROM pair ORDER BY pair.view_oid, pair.relation)
) AS described ON target.view_oid = described.view_oid
$$;
