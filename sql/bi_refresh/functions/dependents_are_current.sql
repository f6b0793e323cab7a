-- Whether what was built beside for the materialized views that read a relation is what they are now.
--   built   see swap_dependents()
CREATE OR REPLACE FUNCTION bi_refresh.dependents_are_current(relation oid, built jsonb)
RETURNS boolean
LANGUAGE sql
VOLATILE -- as of this moment, not of the caller's statement
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(
    pg_catalog.bool_and(
        r.relation IS NOT NULL
        AND b.former IS NOT NULL
        -- a column, or something that it reads, may have another name
        AND b.query = bi_refresh.query_of(r.relation)
        -- readers must not see older rows than before
        AND b.contents = bi_refresh.contents_version(r.relation)
    ), true
)
FROM bi_refresh.rebuilt_views(ARRAY[dependents_are_current.relation]) AS r
FULL JOIN pg_catalog.jsonb_to_recordset(built) AS b (former oid, query text, contents text) ON r.relation = b.former
$$;
