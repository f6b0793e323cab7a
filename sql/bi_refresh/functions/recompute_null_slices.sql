-- Computes the rows anew that have a NULL in a column of some cuts, which no key finds, into pg_temp.new_<table>.
--   cuts      those whose rows with a NULL may have changed
--   earlier   all cuts that have dirty slices
CREATE OR REPLACE FUNCTION bi_refresh.recompute_null_slices(
    target bi_refresh.maintained_table, cuts integer[], earlier integer[]
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format(
        'INSERT INTO pg_temp.new_%s (%s) SELECT %s FROM %s AS query WHERE %s%s',
        target.id,
        bi_refresh.column_list(target.relation),
        bi_refresh.column_list(target.relation, 'query.'),
        target.definition::pg_catalog.regclass,
        bi_refresh.null_slices(target, cuts, 'query'),
        bi_refresh.outside_slices(target, earlier, 'query')
    ));
END
$$;
