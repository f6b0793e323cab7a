-- The keys that stand more than once in what the view's query gives now: the rows that make its refresh fail. It runs the query,
-- as the caller and with the caller's search_path.
CREATE OR REPLACE FUNCTION bi_refresh.duplicate_keys(view_name text, most integer DEFAULT 20)
RETURNS TABLE (key jsonb, occurrences bigint)
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    view_oid CONSTANT oid := view_name::pg_catalog.regclass;
    key_columns CONSTANT text := bi_refresh.key_columns(view_oid);
BEGIN
    IF key_columns IS NULL THEN
        RAISE EXCEPTION '% has no usable unique index, so it has no key', view_name
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = bi_refresh.unique_index_ddl(view_oid);
    END IF;

    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT pg_catalog.to_jsonb(counted) - ''occurrences of a key'', counted."occurrences of a key" FROM ('
        'SELECT %1$s, pg_catalog.count(*) AS "occurrences of a key" FROM (%2$s) AS q GROUP BY %1$s '
        'HAVING pg_catalog.count(*) > 1 ORDER BY "occurrences of a key" DESC, %1$s LIMIT %3$s) AS counted',
        key_columns, pg_catalog.rtrim(pg_catalog.pg_get_viewdef(view_oid), ';'), most
    );
END
$$;
