-- Makes the materialized view that a view is to be again, empty, beside the table that stands under its name: with
-- the query that its user wrote (view_query()), for the same owner, stored alike. Columns of the table that somebody renamed keep
-- their new names, which its indexes and readers know. A former try's is taken away.
CREATE OR REPLACE FUNCTION bi_refresh.make_plain_view(view_name text)
RETURNS oid
LANGUAGE plpgsql
SET default_tablespace = ''
SET default_table_access_method = heap
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place CONSTANT oid := bi_refresh.view_oid(view_name);
    name CONSTANT text := pg_catalog.format('bi_refresh_incremental.given_back_%s', place);
    columns CONSTANT text := (
        SELECT pg_catalog.format('(%s)', pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum))
        FROM bi_refresh.maintained_table AS t
        INNER JOIN pg_catalog.pg_attribute AS a ON t.relation = a.attrelid AND a.attnum > 0 AND NOT a.attisdropped
        INNER JOIN pg_catalog.pg_attribute AS defined ON t.definition = defined.attrelid AND a.attnum = defined.attnum
        WHERE t.view_name = make_plain_view.view_name AND t.stage IS NULL AND t.relation = place
        HAVING pg_catalog.bool_or(a.attname <> defined.attname)
    );
    made oid;
BEGIN
    PERFORM bi_refresh.drop_given_back(view_name);
    PERFORM bi_refresh.use_storage_of(place);
    EXECUTE pg_catalog.format(
        'CREATE MATERIALIZED VIEW %s%s AS %s WITH NO DATA',
        name, columns, bi_refresh.view_query(view_name)
    );
    made := name::pg_catalog.regclass;
    PERFORM bi_refresh.keep_private(made);
    PERFORM bi_refresh.copy_storage(place, made);
    PERFORM bi_refresh.give_to_owner('MATERIALIZED VIEW', name, bi_refresh.owner_oid(place));
    UPDATE bi_refresh.incremental_view AS v
    SET original = v.original || pg_catalog.jsonb_build_object('given_back', made::bigint)
    WHERE v.view_name = make_plain_view.view_name;
    RETURN made;
END
$$;
