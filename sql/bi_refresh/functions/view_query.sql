-- The query of a view that was asked to be refreshed incrementally, as PostgreSQL spells it now. Once it is enabled its definition
-- is an ordinary view, which knows by their OIDs what it reads: the text of the day of enabling would mean something else, or
-- nothing, after a table or column was renamed. That text serves where the definition is gone.
CREATE OR REPLACE FUNCTION bi_refresh.view_query(view_name text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(
    (
        SELECT pg_catalog.rtrim(bi_refresh.query_of(c.oid), ';')
        FROM bi_refresh.maintained_table AS t
        -- over stages the output's own definition reads their tables
        INNER JOIN pg_catalog.pg_class AS c ON c.oid = coalesce(t.whole, t.definition)
        WHERE t.view_name = v.view_name AND t.stage IS NULL
    ),
    v.query
)
FROM bi_refresh.incremental_view AS v
WHERE v.view_name = view_query.view_name
$$;
