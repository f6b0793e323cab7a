-- The keys that stand more than once in what the view's query gives now: the rows that make its refresh fail. It runs the query,
-- as the caller and with the caller's search_path.
CREATE OR REPLACE FUNCTION bi_refresh.duplicate_keys(view_name text, most integer DEFAULT 20)
RETURNS TABLE (key jsonb, occurrences bigint)
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    view_oid CONSTANT oid := view_name::pg_catalog.regclass;
    key_columns text;
BEGIN
    SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY k.ordinality)
    INTO key_columns
    FROM pg_catalog.pg_index AS i
    CROSS JOIN LATERAL pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, ordinality)
    INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    WHERE i.indexrelid = bi_refresh.usable_unique_index(view_oid) AND k.ordinality <= i.indnkeyatts;

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
