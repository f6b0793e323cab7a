-- An empty pg_temp.new_<table> with the columns of a maintained table that are written.
CREATE OR REPLACE FUNCTION bi_refresh.make_new_rows(target bi_refresh.maintained_table)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM bi_refresh.execute_as_owner(target.id, pg_catalog.format(
        'CREATE TEMPORARY TABLE new_%s AS SELECT %s FROM %s WITH NO DATA',
        target.id, bi_refresh.column_list(target.relation), target.relation::pg_catalog.regclass
    ));
END
$$;
