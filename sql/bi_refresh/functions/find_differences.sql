-- Compares a maintained table's present rows with what its definition gives, whole rows by their image, and keeps what differs in
-- pg_temp.differences_<table>: row_id (NULL: a row to be inserted), is_gone (to be deleted), differs, number, c1, c2, ... With a
-- key by one join, which tells a changed row from a lost and a new one; without a key as multisets. Of the whole, or of dirty
-- slices that pg_temp.new_<table> has anew.
--   cuts       as in slices_query(); NULL: the whole
--   computed   how many rows the definition gave; NULL: not of the whole
CREATE OR REPLACE FUNCTION bi_refresh.find_differences(
    target bi_refresh.maintained_table, cuts integer[], null_cuts integer[],
    OUT missing bigint, OUT surplus bigint, OUT other bigint, OUT computed bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_whole CONSTANT boolean := cuts IS NULL;
    columns CONSTANT text := bi_refresh.column_list(target.relation);
    numbered CONSTANT text := bi_refresh.numbered_columns(target.relation);
    present CONSTANT text := CASE
        WHEN is_whole
            THEN pg_catalog.format(
                'SELECT present.ctid, %1$s FROM %2$s AS present',
                bi_refresh.column_list(target.relation, 'present.'), target.relation::pg_catalog.regclass
            )
        ELSE bi_refresh.slices_query(target, cuts, null_cuts)
    END;
    -- The last row of the whole is kept whether it differs or not, for its number tells how many there are: rows that share a key
    -- would not be seen otherwise.
    latest CONSTANT text := CASE
        WHEN is_whole
            THEN pg_catalog.format(
                'SELECT pg_catalog.row_number() OVER (), pg_catalog.lead(false, 1, true) OVER (), %s FROM %s AS query',
                bi_refresh.column_list(target.relation, 'query.'), target.definition::pg_catalog.regclass
            )
        ELSE pg_catalog.format('SELECT 1::bigint, false, %s FROM pg_temp.new_%s', columns, target.id)
    END;
    counted jsonb;
BEGIN
    PERFORM bi_refresh.execute_as_owner(target.id, CASE
        WHEN target.key_columns IS NOT NULL
            THEN pg_catalog.format(
                'CREATE TEMPORARY TABLE differences_%1$s AS '
                'SELECT differing.* FROM ('
                'SELECT present.row_id, latest.number, latest.number IS NULL AS is_gone, '
                'present.row_id IS NULL OR latest.number IS NULL '
                'OR %2$s AS differs, latest.is_last, %3$s '
                'FROM (%4$s) AS present (row_id, %5$s) '
                'FULL JOIN (%6$s) AS latest (number, is_last, %5$s) ON %7$s) AS differing '
                'WHERE differing.differs OR differing.is_last',
                target.id,
                -- of the columns, and after the join: a whole row beside them would go through it, too
                bi_refresh.images_differ(target.relation, 'present', 'latest'),
                bi_refresh.joined_columns(target.relation),
                present,
                numbered,
                latest,
                bi_refresh.joined_on(target.relation, target.key_columns)
            )
        ELSE pg_catalog.format(
            'CREATE TEMPORARY TABLE differences_%1$s AS '
            'SELECT paired.row_id, paired.number, paired.row_id IS NOT NULL AS is_gone, '
            'paired.occurrence > paired.others AS differs, paired.is_last, %2$s '
            'FROM (SELECT alike.*, '
            'pg_catalog.row_number() OVER (PARTITION BY alike.kind, alike.row_id IS NULL) AS occurrence, '
            'pg_catalog.count(*) FILTER (WHERE alike.row_id IS NULL) OVER (PARTITION BY alike.kind) AS latest_rows, '
            'pg_catalog.count(*) FILTER (WHERE alike.row_id IS NOT NULL) OVER (PARTITION BY alike.kind) AS present_rows '
            'FROM (SELECT side.*, pg_catalog.dense_rank() OVER (ORDER BY %8$s) AS kind '
            'FROM (SELECT present.row_id, NULL::bigint AS number, false AS is_last, %3$s '
            'FROM (%4$s) AS present (row_id, %5$s) UNION ALL '
            'SELECT NULL, latest.number, latest.is_last, %6$s '
            'FROM (%7$s) AS latest (number, is_last, %5$s)) AS side) AS alike) AS matched '
            'CROSS JOIN LATERAL (SELECT matched.*, CASE WHEN matched.row_id IS NULL THEN matched.present_rows '
            'ELSE matched.latest_rows END AS others) AS paired '
            'WHERE paired.occurrence > paired.others OR paired.is_last',
            target.id,
            bi_refresh.numbered_columns(target.relation, 'paired.'),
            bi_refresh.numbered_columns(target.relation, 'present.'),
            present,
            numbered,
            bi_refresh.numbered_columns(target.relation, 'latest.'),
            latest,
            bi_refresh.image_order(target.relation, 'side')
        )
    END);
    counted := bi_refresh.ask_as_owner(target.id, pg_catalog.format(
        'SELECT pg_catalog.jsonb_build_array('
        'pg_catalog.count(*) FILTER (WHERE found.differs AND found.row_id IS NULL), '
        'pg_catalog.count(*) FILTER (WHERE found.differs AND found.is_gone), '
        'pg_catalog.count(*) FILTER (WHERE found.differs AND found.row_id IS NOT NULL AND NOT found.is_gone), '
        'coalesce(pg_catalog.max(found.number), 0)) FROM pg_temp.differences_%s AS found',
        target.id
    ));
    missing := counted -> 0;
    surplus := counted -> 1;
    other := counted -> 2;
    computed := CASE WHEN is_whole THEN counted -> 3 END;
END
$$;
