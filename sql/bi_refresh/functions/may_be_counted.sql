-- Whether counting a view's rows runs nobody's code but ours. Planning a query folds the expressions of the relation's indexes and
-- statistics, as whoever plans it: the view's owner could have the owner of bi_refresh run a function that way. Asked while the
-- refresh's lock keeps new ones out. The condition of a partial index may be a column, where there is nothing to fold. (From
-- PostgreSQL 17 on, MAINTAIN allows a refresh without the right to read the result.) An incremental view is a table, which may also
-- have policies and children.
CREATE OR REPLACE FUNCTION bi_refresh.may_be_counted(relation oid)
RETURNS boolean
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.has_table_privilege(relation, 'SELECT')
    AND EXISTS (
        SELECT FROM pg_catalog.pg_class AS c
        WHERE c.oid = relation AND c.relkind IN ('m', 'r') AND NOT c.relrowsecurity
    )
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits AS h WHERE h.inhparent = relation)
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_index AS i
        WHERE i.indrelid = relation
            AND (i.indexprs IS NOT NULL OR i.indpred::text !~ '^\{VAR [^{}]*\}$')
    )
    AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_statistic_ext AS s
        WHERE s.stxrelid = relation AND s.stxexprs IS NOT NULL
    )
$$;
