-- Computes dirty slices of one cut anew, those numbered after `after` up to `upto`, into pg_temp.new_<table>. Never by rewriting the
-- query: the slice's key is a parameter to it (OFFSET 0 keeps it one), and how far down that reaches is for the planner to find.
-- A row that a slice of an earlier cut has brought already is left out.
--   earlier   cuts before this one that have dirty slices
CREATE OR REPLACE FUNCTION bi_refresh.recompute_slices(
    target bi_refresh.maintained_table, cut integer, earlier integer[], after bigint, upto bigint
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format(
        'INSERT INTO pg_temp.new_%1$s (%2$s) SELECT %3$s FROM pg_temp.dirty_%1$s_%4$s AS slice '
        'CROSS JOIN LATERAL (SELECT %5$s FROM %6$s AS query WHERE %7$s OFFSET 0) AS result '
        'WHERE slice.number > %8$s AND slice.number <= %9$s%10$s',
        target.id,
        bi_refresh.column_list(target.relation),
        bi_refresh.column_list(target.relation, 'result.'),
        cut,
        bi_refresh.column_list(target.relation, 'query.'),
        target.definition::pg_catalog.regclass,
        bi_refresh.equal_columns(
            target.relation, bi_refresh.slice_columns(target.slices, cut), 'query', 'slice', true
        ),
        after,
        upto,
        bi_refresh.outside_slices(target, earlier, 'result')
    ));
END
$$;
