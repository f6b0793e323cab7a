-- Gives a maintained table the indexes by which its rows and slices are found, where it has none: a unique one on its
-- key, one on the columns of each cut, and for each table that reads this one, on the columns by which its slices look
-- rows up. They are named bi_refresh_key_<table>, bi_refresh_slice_<table>_<cut> and bi_refresh_read_<table>_<reader>,
-- and a view that is given back has them no more. Where a value is too long for a btree index, a hash index finds slices of one column;
-- those of several are found without any.
CREATE OR REPLACE FUNCTION bi_refresh.make_key_indexes(table_id integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    maintained bi_refresh.maintained_table;
    wanted record;
BEGIN
    SELECT t.* INTO STRICT maintained FROM bi_refresh.maintained_table AS t WHERE t.id = table_id;
    FOR wanted IN
        WITH every_cut AS (
            SELECT 0 AS number, NULL::integer AS reader, maintained.key_columns::text[] AS columns
            WHERE maintained.key_columns IS NOT NULL
            UNION ALL
            SELECT s.number::integer, NULL, ARRAY(SELECT pg_catalog.jsonb_array_elements_text(s.columns))
            FROM pg_catalog.jsonb_array_elements(maintained.slices) WITH ORDINALITY AS s (columns, number)
            UNION ALL
            SELECT 1000, r.table_id, read.columns
            FROM bi_refresh.maintained_source AS r
            INNER JOIN bi_refresh.captured_table AS c ON r.capture_id = c.id
            CROSS JOIN LATERAL (
                SELECT CASE
                    WHEN r.lookup IS NULL THEN r.expressions
                    ELSE ARRAY(SELECT p.pair ->> 0 FROM pg_catalog.jsonb_array_elements(r.lookup -> 'pairs') AS p (pair))
                END AS expressions
            ) AS sought
            CROSS JOIN LATERAL (
                SELECT pg_catalog.array_agg(a.attname::text ORDER BY e.position) AS columns
                FROM pg_catalog.unnest(sought.expressions) WITH ORDINALITY AS e (expression, position)
                INNER JOIN pg_catalog.pg_attribute AS a
                    ON a.attrelid = c.relation AND a.attnum > 0 AND e.expression = pg_catalog.quote_ident(a.attname)
            ) AS read
            WHERE c.relation = maintained.relation
                AND pg_catalog.cardinality(read.columns) = pg_catalog.cardinality(sought.expressions)
        ),

        cut AS (
            SELECT DISTINCT ON (ARRAY(SELECT n.name FROM pg_catalog.unnest(c.columns) AS n (name) ORDER BY n.name)) c.*
            FROM every_cut AS c
            ORDER BY
                ARRAY(SELECT n.name FROM pg_catalog.unnest(c.columns) AS n (name) ORDER BY n.name), c.number, c.reader
        ),

        existing AS (
            SELECT
                i.indisunique AND i.indpred IS NULL AND i.indimmediate AS is_unique,
                i.indpred IS NULL AS is_whole,
                i.indnkeyatts,
                ARRAY(
                    SELECT a.attname::text
                    FROM pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, position)
                    LEFT JOIN pg_catalog.pg_attribute AS a ON i.indrelid = a.attrelid AND k.attnum = a.attnum AND a.attnum > 0
                    WHERE k.position <= i.indnkeyatts
                    ORDER BY k.position
                ) AS columns
            FROM pg_catalog.pg_index AS i
            INNER JOIN pg_catalog.pg_class AS c ON i.indexrelid = c.oid
            INNER JOIN pg_catalog.pg_am AS m ON c.relam = m.oid
            WHERE i.indrelid = maintained.relation AND i.indisvalid AND m.amname IN ('btree', 'hash')
        )

        SELECT
            cut.number = 0 AS is_key,
            CASE
                WHEN cut.number = 0 THEN pg_catalog.format('bi_refresh_key_%s', table_id)
                WHEN cut.reader IS NOT NULL THEN pg_catalog.format('bi_refresh_read_%s_%s', table_id, cut.reader)
                ELSE pg_catalog.format('bi_refresh_slice_%s_%s', table_id, cut.number)
            END AS name,
            (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(c.name), ', ' ORDER BY c.position)
             FROM pg_catalog.unnest(cut.columns) WITH ORDINALITY AS c (name, position)) AS columns,
            pg_catalog.cardinality(cut.columns) AS width
        FROM cut
        WHERE cut.columns <> '{}'
            AND NOT EXISTS (
                SELECT FROM existing
                WHERE existing.is_whole
                    -- the first columns of it are those of the cut, in any order
                    AND existing.columns[1:pg_catalog.cardinality(cut.columns)] @> cut.columns
                    AND (
                        cut.number > 0
                        OR (existing.is_unique AND existing.indnkeyatts = pg_catalog.cardinality(cut.columns))
                    )
            )
            -- the key's own index serves a cut that begins with the same columns
            AND (
                cut.number = 0
                OR maintained.key_columns IS NULL
                OR NOT maintained.key_columns[1:pg_catalog.cardinality(cut.columns)]::text[] @> cut.columns
            )
        ORDER BY cut.number, cut.reader
    LOOP
        BEGIN
            EXECUTE pg_catalog.format(
                'CREATE %sINDEX %I ON %s (%s)',
                CASE WHEN wanted.is_key THEN 'UNIQUE ' END, wanted.name, maintained.relation::pg_catalog.regclass, wanted.columns
            );
        EXCEPTION
            WHEN program_limit_exceeded THEN
                IF wanted.is_key THEN
                    RAISE;
                ELSIF wanted.width = 1 THEN
                    BEGIN
                        EXECUTE pg_catalog.format(
                            'CREATE INDEX %I ON %s USING hash (%s)',
                            wanted.name, maintained.relation::pg_catalog.regclass, wanted.columns
                        );
                    EXCEPTION
                        WHEN undefined_object THEN
                            NULL; -- of its type no value can be hashed
                    END;
                END IF;
        END;
    END LOOP;
END
$$;
