-- What to do about a failed refresh of a view that is kept by incremental refreshes, where that is another thing than for a
-- materialized view; NULL: it is the same.
CREATE OR REPLACE FUNCTION bi_refresh.incremental_remedy(view_name text, failure_sqlstate text)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    CASE
        WHEN failure_sqlstate = '42501'
            THEN pg_catalog.format(
                '%1$I acts as %3$I, who owns %2$s. Let it be a member: GRANT %3$I TO %1$I; see that %3$I may read all that the query '
                'reads and may create temporary tables; and have that set up again: vistafresca incremental enable %2$s.',
                current_user, view_name, bi_refresh.owner_of(bi_refresh.view_oid(view_name))
            )
        WHEN failure_sqlstate = '55000' AND defining.was_replaced
            THEN pg_catalog.format(
                'Readers keep the last good data of %1$s. A table would be computed from the whole query; a materialized view has only its '
                'stages. Have them made of what the view beneath says now: vistafresca incremental enable %1$s.',
                view_name
            )
        WHEN pg_catalog.starts_with(failure_sqlstate, '42') AND defining.column_problems IS NOT NULL
            THEN pg_catalog.format(
                'Columns of %1$s were altered while it is enabled (%2$s). Undo that, for a name by ALTER TABLE %1$s RENAME COLUMN; or keep '
                'the new names by giving the materialized view back, and enabling it again: vistafresca incremental disable %1$s.',
                view_name, defining.column_problems
            )
        WHEN failure_sqlstate IN ('42703', '42P01', '42883', '3F000') AND defining.name IS NULL
            THEN pg_catalog.format(
                'What is kept for %1$s has been dropped by hand. Give the materialized view back: vistafresca incremental disable '
                '%1$s; and enable it again.',
                view_name
            )
        WHEN failure_sqlstate IN ('42703', '42P01', '42883', '3F000')
            THEN pg_catalog.format(
                'Something that the query of %s uses is gone, or is not found with a safe search_path (a function with an '
                'unqualified name in its body: ALTER FUNCTION ... SET search_path). See: SELECT pg_get_viewdef(%L);',
                view_name, defining.name
            )
        WHEN pg_catalog.starts_with(failure_sqlstate, '22') OR pg_catalog.starts_with(failure_sqlstate, 'P0')
            THEN pg_catalog.format(
                'A value in the data does not fit the query of %s, or a function that it calls refused: the message says why. See '
                'the query: SELECT pg_get_viewdef(%L); correct the value, or guard the expression (NULLIF for a divisor, a CASE '
                'before a cast).',
                view_name, defining.name
            )
        WHEN failure_sqlstate = '09000'
            THEN pg_catalog.format(
                'Readers keep the last good data of %1$s. Drop what keeps its rows from being written or hides them (a trigger, a rule, '
                'row-level security on it), or give the materialized view back: vistafresca incremental disable %1$s.',
                view_name
            )
        WHEN failure_sqlstate = '2F003'
            THEN pg_catalog.format(
                'Readers keep the last good data of %1$s. A function that its query calls, or a trigger or index of its table, does what '
                'REFRESH MATERIALIZED VIEW would undo or forbid: the message says what. See the query: SELECT pg_get_viewdef(%2$L); give the '
                'function a SET clause for what it sets, and let it leave nothing behind; or give the materialized view back: vistafresca '
                'incremental disable %1$s.',
                view_name, defining.name
            )
        WHEN failure_sqlstate = '54000'
            THEN pg_catalog.concat_ws(
                ' ',
                'A value is too long for an index, which the message names.',
                (
                    SELECT pg_catalog.format(
                        'One of Vistafresca''s own may go, or be a hash index, which takes any length (as %I): %s',
                        pg_catalog.min(pg_catalog.pg_get_userbyid(x.relowner)),
                        pg_catalog.string_agg(
                            pg_catalog.format('DROP INDEX %s;', x.oid::pg_catalog.regclass) || CASE
                                WHEN i.indnatts = 1 THEN pg_catalog.format(
                                    ' CREATE INDEX %I ON %s USING hash (%I);', x.relname, i.indrelid::pg_catalog.regclass, a.attname
                                )
                                ELSE ''
                            END,
                            ' ' ORDER BY x.relname
                        )
                    )
                    FROM bi_refresh.maintained_table AS m
                    INNER JOIN pg_catalog.pg_index AS i ON m.relation = i.indrelid
                    INNER JOIN pg_catalog.pg_class AS x ON i.indexrelid = x.oid
                    INNER JOIN pg_catalog.pg_am AS k ON x.relam = k.oid AND k.amname = 'btree'
                    INNER JOIN pg_catalog.pg_attribute AS a ON i.indrelid = a.attrelid AND a.attnum = i.indkey[0]
                    WHERE m.view_name = incremental_remedy.view_name
                        AND (pg_catalog.starts_with(x.relname, 'bi_refresh_slice_') OR pg_catalog.starts_with(x.relname, 'bi_refresh_read_'))
                    HAVING pg_catalog.count(*) > 0
                ),
                pg_catalog.format(
                    'Otherwise shorten the value in the query of %1$s (left(), md5()), or drop that index of yours.', view_name
                )
            )
        WHEN pg_catalog.starts_with(failure_sqlstate, '42')
            THEN pg_catalog.format(
                'The query of %1$s does not fit what it reads any more, or the table under its name was altered. See the query: SELECT '
                'pg_get_viewdef(%2$L); then vistafresca incremental disable %1$s, and create the view again with a query that does.',
                view_name, defining.name
            )
    END
FROM (
    SELECT
        pg_catalog.min(d.oid::pg_catalog.regclass::text) AS name,
        pg_catalog.bool_or(m.whole_digest <> bi_refresh.definition_digest(m.whole)) AS was_replaced,
        pg_catalog.min(bi_refresh.column_problems(d.oid, m.relation)) AS column_problems
    FROM bi_refresh.maintained_table AS m
    INNER JOIN pg_catalog.pg_class AS d ON d.oid = coalesce(m.definition, m.whole)
    WHERE m.view_name = incremental_remedy.view_name AND m.stage IS NULL
) AS defining
$$;
