-- The condition that a row of pg_temp.differences_<table> is in a slice that was sampled, and in none that changes touch, as SQL
-- text: such a row is a mismatch.
CREATE OR REPLACE FUNCTION bi_refresh.only_sampled(
    target bi_refresh.maintained_table, cuts integer[], null_cuts integer[]
)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        WITH numbered AS (
            SELECT a.attname AS name, a.atttypid AS type, pg_catalog.row_number() OVER (ORDER BY a.attnum) AS position
            FROM pg_catalog.pg_attribute AS a
            WHERE a.attrelid = target.relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
        ),

        in_cut AS (
            SELECT
                c.cut,
                pg_catalog.format(
                    'EXISTS (SELECT FROM pg_temp.dirty_%s_%s AS dirty WHERE %%s dirty.is_sample AND %s)',
                    target.id,
                    c.cut,
                    pg_catalog.string_agg(
                        pg_catalog.format(
                            'found.c%s %s dirty.c%s', n.position, bi_refresh.equality_operator(n.type), k.position
                        ),
                        ' AND ' ORDER BY k.position
                    )
                ) AS condition,
                pg_catalog.string_agg(pg_catalog.format('found.c%s IS NULL', n.position), ' OR ') AS has_null
            FROM pg_catalog.unnest(cuts) AS c (cut)
            CROSS JOIN LATERAL pg_catalog.unnest(bi_refresh.slice_columns(target.slices, c.cut))
                WITH ORDINALITY AS k (name, position)
            INNER JOIN numbered AS n ON k.name = n.name
            GROUP BY c.cut
        )

        SELECT
            (SELECT pg_catalog.format(i.condition, '') FROM in_cut AS i WHERE i.cut = 1)
            || pg_catalog.string_agg(
                ' AND NOT ' || pg_catalog.format(i.condition, 'NOT')
                || CASE WHEN i.cut = ANY (null_cuts) THEN ' AND NOT (' || i.has_null || ')' ELSE '' END,
                '' ORDER BY i.cut
            )
        FROM in_cut AS i
    );
END
$$;
