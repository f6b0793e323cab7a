-- Everything but rows that maintained tables' contents come from, and that the proofs of what a change does to them rest on, as one
-- digest for each: their definitions and all that these read, with columns, partitions, children, constraints and unique indexes;
-- parameters, and the database's code where they use any; the triggers that capture changes; and the files of the maintained
-- table, which TRUNCATE leaves for another, and of the materialized views that it reads, for no trigger tells of their
-- refreshes. By the transactions that last changed the catalogs' rows, as in view_structures(), but quicker for a few tables: this
-- is asked before every refresh.
CREATE OR REPLACE FUNCTION bi_refresh.maintained_structures(views text[])
RETURNS TABLE (view_name text, table_id integer, structure text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
-- Planning it for the values at hand takes longer than running it.
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    environment CONSTANT text := bi_refresh.environment_digest();
    code text;
BEGIN
    IF EXISTS (SELECT FROM bi_refresh.maintained_table AS m WHERE m.view_name = ANY (views) AND m.uses_code) THEN
        code := bi_refresh.code_digest();
    END IF;
    RETURN QUERY
    SELECT
        m.view_name,
        m.id,
        pg_catalog.concat_ws(
            ':',
            pg_catalog.md5(pg_catalog.concat_ws(
                '|',
                environment,
                CASE WHEN m.uses_code THEN code END,
                bi_refresh.capture_structure(ARRAY(
                    SELECT s.capture_id FROM bi_refresh.maintained_source AS s WHERE s.table_id = m.id ORDER BY s.capture_id
                ))
            )),
            c.relkind,
            CASE WHEN c.relkind <> 'm' THEN c.relfilenode END,
            versions.number,
            versions.digest,
            -- The last part: somebody else's REFRESH, which perhaps began before ours and read older stages. See refresh_over_stages().
            CASE WHEN c.relkind = 'm' THEN pg_catalog.concat_ws('/', c.xmin, c.relfilenode) END
        )
    FROM bi_refresh.maintained_table AS m
    INNER JOIN pg_catalog.pg_class AS c ON m.relation = c.oid
    CROSS JOIN LATERAL (SELECT m.relations || coalesce(m.definition, m.relation) AS oids) AS read
    CROSS JOIN LATERAL (
        SELECT
            pg_catalog.count(*) AS number,
            pg_catalog.sum(pg_catalog.hash_record_extended(
                ROW(v.catalog, v.relation, v.number, v.version, v.file), 0
            )) AS digest
        FROM (
            SELECT 1 AS catalog, p.oid AS relation, 0::oid AS number, p.xmin AS version, p.relfilenode AS file
            FROM pg_catalog.pg_class AS p
            -- each REFRESH of the view itself writes its row anew: see above
            WHERE p.oid = ANY (read.oids) AND (p.oid <> m.relation OR p.relkind <> 'm')
            UNION ALL
            SELECT 2, a.attrelid, a.attnum::integer::oid, a.xmin, 0
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = ANY (read.oids) AND a.attnum > 0
            UNION ALL
            SELECT 3, d.adrelid, d.adnum::integer::oid, d.xmin, 0
            FROM pg_catalog.pg_attrdef AS d
            WHERE d.adrelid = ANY (read.oids)
            UNION ALL
            SELECT 4, r.ev_class, r.oid, r.xmin, 0
            FROM pg_catalog.pg_rewrite AS r
            WHERE r.ev_class = ANY (read.oids)
            UNION ALL
            SELECT 5, i.inhrelid, i.inhparent, i.xmin, i.inhdetachpending::integer::oid
            FROM pg_catalog.pg_inherits AS i
            WHERE i.inhrelid = ANY (read.oids)
            UNION ALL
            SELECT 6, i.inhrelid, i.inhparent, i.xmin, i.inhdetachpending::integer::oid
            FROM pg_catalog.pg_inherits AS i
            WHERE i.inhparent = ANY (read.oids)
            UNION ALL
            SELECT 7, i.indrelid, i.indexrelid, i.xmin, 0
            FROM pg_catalog.pg_index AS i
            WHERE i.indrelid = ANY (read.oids) AND i.indisunique
            UNION ALL
            SELECT 8, k.conrelid, k.oid, k.xmin, 0
            FROM pg_catalog.pg_constraint AS k
            WHERE k.conrelid = ANY (read.oids)
        ) AS v
    ) AS versions
    WHERE m.view_name = ANY (views) AND m.relations IS NOT NULL;
END
$$;
