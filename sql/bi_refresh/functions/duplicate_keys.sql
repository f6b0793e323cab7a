-- The keys that stand more than once in what the view's query gives now: the rows that make its refresh fail. It runs the query,
-- with the caller's rights and search_path; so only for the view's owner, or its author could borrow somebody's rights.
CREATE OR REPLACE FUNCTION bi_refresh.duplicate_keys(view_name text, most integer DEFAULT 20)
RETURNS TABLE (key jsonb, occurrences bigint)
LANGUAGE plpgsql
STABLE
AS $$
DECLARE
    view_oid CONSTANT oid := view_name::pg_catalog.regclass;
    key_columns CONSTANT text := bi_refresh.key_columns(view_oid);
    -- of an incremental view, the view that says what it holds
    defining CONSTANT oid := coalesce(
        (SELECT m.definition FROM bi_refresh.maintained_table AS m WHERE m.relation OPERATOR(pg_catalog.=) view_oid), view_oid
    );
BEGIN
    IF current_user OPERATOR(pg_catalog.<>) bi_refresh.owner_of(view_oid) THEN
        RAISE EXCEPTION 'only the owner of % may list its duplicate keys', view_name
        USING
            ERRCODE = 'insufficient_privilege',
            HINT = 'It runs the query of the view with your rights. Connect as the owner of the view.';
    END IF;
    IF key_columns IS NULL THEN
        RAISE EXCEPTION '% has no usable unique index, so it has no key', view_name
        USING ERRCODE = 'object_not_in_prerequisite_state', HINT = bi_refresh.unique_index_ddl(view_oid);
    END IF;

    RETURN QUERY EXECUTE pg_catalog.format(
        'SELECT pg_catalog.to_jsonb(counted) - ''occurrences of a key'', counted."occurrences of a key" FROM ('
        'SELECT %1$s, pg_catalog.count(*) AS "occurrences of a key" FROM (%2$s) AS q GROUP BY %1$s '
        'HAVING pg_catalog.count(*) > 1 ORDER BY "occurrences of a key" DESC, %1$s LIMIT %3$s) AS counted',
        key_columns, pg_catalog.rtrim(pg_catalog.pg_get_viewdef(defining), ';'), most
    );
END
$$;
