-- What the proof of an incremental view rests on, one fact a line: definitions, columns, constraints and unique indexes of what they
-- read, the parents of partitions and children, the server's version, and the database's code where definitions use any. Not
-- grants, triggers, statistics, files or settings: they may change contents, but prove nothing. More facts than were there do no
-- harm; see proof_holds().
CREATE OR REPLACE FUNCTION bi_refresh.proof_structure(view_name text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH read_by AS (
    SELECT s.relation
    FROM bi_refresh.maintained_table AS m
    -- a materialized view over stages has its own query
    CROSS JOIN LATERAL bi_refresh.view_sources(ARRAY[coalesce(m.definition, m.relation)]) AS s
    WHERE m.view_name = proof_structure.view_name AND coalesce(m.definition, m.relation) IS NOT NULL
    UNION
    SELECT coalesce(m.definition, m.relation)
    FROM bi_refresh.maintained_table AS m
    WHERE m.view_name = proof_structure.view_name AND coalesce(m.definition, m.relation) IS NOT NULL
),

relation AS (
    SELECT
        c.oid,
        c.relkind,
        c.relrowsecurity,
        EXISTS (
            SELECT FROM bi_refresh.maintained_table AS m
            WHERE m.view_name = proof_structure.view_name AND m.definition IS NULL AND c.oid = m.relation
        ) AS is_output
    FROM pg_catalog.pg_class AS c
    WHERE c.oid IN (SELECT read_by.relation FROM read_by)
),

fact AS (
    SELECT pg_catalog.concat_ws(' ', 'relation', relation.oid, relation.relkind, relation.relrowsecurity) AS text
    FROM relation
    UNION ALL
    SELECT pg_catalog.concat_ws(' ', 'query', r.ev_class, pg_catalog.md5(r.ev_action::text))
    FROM relation
    INNER JOIN pg_catalog.pg_rewrite AS r ON relation.oid = r.ev_class
    WHERE (relation.relkind = 'v' OR relation.is_output) AND r.ev_type = '1'
    UNION ALL
    SELECT pg_catalog.concat_ws(
        ' ', 'column', a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull, a.attgenerated,
        a.attisdropped
    )
    FROM relation
    INNER JOIN pg_catalog.pg_attribute AS a ON relation.oid = a.attrelid
    WHERE a.attnum > 0
    UNION ALL
    SELECT pg_catalog.concat_ws(' ', 'parent', i.inhrelid, i.inhparent)
    FROM relation
    INNER JOIN pg_catalog.pg_inherits AS i ON relation.oid = i.inhrelid
    UNION ALL
    -- Rows of the catalogs, not their text: pg_get_constraintdef() fails on what was dropped after the snapshot, and it and
    -- pg_get_indexdef() wait for whoever has locked the table.
    SELECT pg_catalog.concat_ws(
        ' ', 'constraint', c.conrelid, c.oid,
        pg_catalog.md5((pg_catalog.to_jsonb(c) - '{conname, conparentid, conislocal, coninhcount}'::text[])::text)
    )
    FROM relation
    INNER JOIN pg_catalog.pg_constraint AS c ON relation.oid = c.conrelid
    WHERE relation.relkind <> 'v'
    UNION ALL
    SELECT pg_catalog.concat_ws(
        ' ', 'index', i.indrelid, i.indexrelid,
        pg_catalog.md5((pg_catalog.to_jsonb(i) - '{indisclustered, indisreplident, indcheckxmin}'::text[])::text)
    )
    FROM relation
    INNER JOIN pg_catalog.pg_index AS i ON relation.oid = i.indrelid
    WHERE i.indisunique AND NOT relation.is_output
    UNION ALL
    SELECT pg_catalog.concat_ws(' ', 'server', pg_catalog.current_setting('server_version_num'))
    UNION ALL
    SELECT pg_catalog.concat_ws(' ', 'code', bi_refresh.code_digest())
    WHERE EXISTS (
        SELECT FROM relation
        INNER JOIN pg_catalog.pg_rewrite AS r ON relation.oid = r.ev_class
        INNER JOIN pg_catalog.pg_depend AS d
            ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
                AND r.oid = d.objid
                AND d.refclassid <> 'pg_catalog.pg_class'::pg_catalog.regclass
                AND d.refclassid <> 'pg_catalog.pg_constraint'::pg_catalog.regclass
    )
)

SELECT pg_catalog.string_agg(fact.text, E'\n' ORDER BY fact.text)
FROM fact
$$;
