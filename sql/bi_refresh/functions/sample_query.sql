-- The query that gives the keys of up to so many slices of a maintained table's first cut, from places taken at random, in the form
-- of dirty_keys_query().
CREATE OR REPLACE FUNCTION bi_refresh.sample_query(target bi_refresh.maintained_table, most integer)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.format(
            'SELECT pg_catalog.row_number() OVER () AS number, true AS is_sample, slice.* FROM (SELECT DISTINCT %s FROM %s AS present '
            'WHERE present.ctid = ANY ((SELECT pg_catalog.array_agg(pg_catalog.format(''(%%s,%%s)'', '
            'pg_catalog.floor(pg_catalog.random() * %s), 1 + pg_catalog.floor(pg_catalog.random() * 60))::tid) '
            'FROM pg_catalog.generate_series(1, %s))::tid[]) AND NOT %s LIMIT %s) AS slice',
            (
                SELECT pg_catalog.string_agg(pg_catalog.format('present.%I AS c%s', k.name, k.position), ', ' ORDER BY k.position)
                FROM pg_catalog.unnest(bi_refresh.slice_columns(target.slices, 1)) WITH ORDINALITY AS k (name, position)
            ),
            target.relation::pg_catalog.regclass,
            pg_catalog.pg_relation_size(target.relation) / pg_catalog.current_setting('block_size')::bigint,
            8 * most,
            bi_refresh.null_slices(target, '{1}', 'present'),
            most
        )
    );
END
$$;
