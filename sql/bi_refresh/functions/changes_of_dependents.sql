-- In words, what became of the materialized views that read a relation since others were built beside for them; NULL:
-- these are what they are now.
--   built   see swap_dependents()
CREATE OR REPLACE FUNCTION bi_refresh.changes_of_dependents(relation oid, built jsonb)
RETURNS text
LANGUAGE sql
VOLATILE -- as of this moment, not of the caller's statement
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    pg_catalog.string_agg(
        CASE
            WHEN r.relation IS NULL THEN 'one was dropped'
            WHEN b.former IS NULL THEN r.name || ' was made'
            -- a column, or something that it reads, may have another name
            WHEN b.query <> bi_refresh.query_of(r.relation) THEN r.name || ' was altered'
            -- readers must not see older rows than before
            WHEN b.contents <> bi_refresh.contents_version(r.relation) THEN r.name || ' was refreshed or altered'
        END,
        ', ' ORDER BY r.name
    )
FROM bi_refresh.rebuilt_views(ARRAY[changes_of_dependents.relation]) AS r
FULL JOIN pg_catalog.jsonb_to_recordset(built) AS b (former oid, query text, contents text) ON r.relation = b.former
$$;
