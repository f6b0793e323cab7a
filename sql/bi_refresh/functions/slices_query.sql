-- The query that gives a maintained table's present rows in its dirty slices, each once: its place and its columns.
--   cuts        those that have dirty slices
--   null_cuts   those whose rows with a NULL are computed anew, too
CREATE OR REPLACE FUNCTION bi_refresh.slices_query(
    target bi_refresh.maintained_table, cuts integer[], null_cuts integer[]
)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        WITH part AS (
            SELECT
                c.cut,
                pg_catalog.format(
                    CASE
                        -- One row by its key's index each time. The planner would rather read the whole table once: it takes
                        -- each look for one at a disk.
                        WHEN bi_refresh.slice_columns(target.slices, c.cut) @> target.key_columns
                            THEN 'pg_temp.dirty_%1$s_%2$s AS slice CROSS JOIN LATERAL '
                                '(SELECT present.ctid, %6$s FROM %3$s AS present WHERE %4$s OFFSET 0) AS present WHERE true%5$s'
                        ELSE 'pg_temp.dirty_%1$s_%2$s AS slice INNER JOIN %3$s AS present ON %4$s WHERE true%5$s'
                    END,
                    target.id,
                    c.cut,
                    target.relation::pg_catalog.regclass,
                    bi_refresh.equal_columns(
                        target.relation, bi_refresh.slice_columns(target.slices, c.cut), 'present', 'slice', true
                    ),
                    bi_refresh.outside_slices(
                        target, ARRAY(SELECT e.cut FROM pg_catalog.unnest(cuts) AS e (cut) WHERE e.cut < c.cut), 'present'
                    ),
                    bi_refresh.column_list(target.relation, 'present.')
                ) AS text
            FROM pg_catalog.unnest(cuts) AS c (cut)
            UNION ALL
            SELECT
                NULL,
                pg_catalog.format(
                    '%s AS present WHERE %s%s',
                    target.relation::pg_catalog.regclass,
                    bi_refresh.null_slices(target, null_cuts, 'present'),
                    bi_refresh.outside_slices(target, cuts, 'present')
                )
            WHERE null_cuts <> '{}'
        )

        SELECT pg_catalog.string_agg(
            pg_catalog.format(
                'SELECT present.ctid, %1$s FROM %2$s',
                bi_refresh.column_list(target.relation, 'present.'), part.text
            ),
            ' UNION ALL ' ORDER BY part.cut
        )
        FROM part
    );
END
$$;
