-- The condition, as SQL text, that an entry `m` of a captured table's log matters to the maintained table `i.table_id`: not that of
-- a row that no scan looked at when the contents were made, for a window that moves with time was elsewhere. If the window has come
-- to it by the next refresh, that finds it in the table itself.
--
-- This holds only as long as the contents do: a refresh that does not see the entry must not move the window over it. So this
-- takes no part in one that is running (its tables are locked: lock_claims()), writes the tables' rows anew, on which a refresh
-- with an older snapshot fails, and is for transactions without a snapshot of their own. Only windows whose bounds are the same
-- whatever a session's settings are.
CREATE OR REPLACE FUNCTION bi_refresh.entries_that_matter(capture_id integer)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    conditions text;
BEGIN
    IF pg_catalog.current_setting('transaction_isolation') = 'read committed' THEN
        WITH contents AS (
            UPDATE bi_refresh.maintained_table AS t
            SET data_timestamp = t.data_timestamp
            WHERE t.id = ANY (ARRAY(
                SELECT free.id
                FROM bi_refresh.maintained_source AS s
                INNER JOIN bi_refresh.maintained_table AS free ON s.table_id = free.id
                WHERE s.capture_id = entries_that_matter.capture_id
                    AND s.slides @> '[{"is_absolute": true}]'
                    AND free.data_timestamp IS NOT NULL
                FOR NO KEY UPDATE OF free SKIP LOCKED
            ))
            RETURNING t.id, pg_catalog.to_jsonb(t.data_timestamp) #>> '{}' AS moment
        )

        SELECT
            pg_catalog.string_agg(
                pg_catalog.format(' WHEN %s THEN (%s) IS TRUE', contents.id, windows.condition), '' ORDER BY contents.id
            )
        INTO conditions
        FROM contents
        INNER JOIN bi_refresh.maintained_source AS s
            ON contents.id = s.table_id AND s.capture_id = entries_that_matter.capture_id
        CROSS JOIN LATERAL (
            SELECT pg_catalog.string_agg(
                pg_catalog.format(
                    'm.%s %s (%s)',
                    w."column",
                    w.operator,
                    pg_catalog.replace(w.bound, '$1', pg_catalog.format('%L::pg_catalog.timestamptz', contents.moment))
                ),
                ' AND '
            ) AS condition
            FROM pg_catalog.jsonb_to_recordset(s.slides) AS w ("column" text, bound text, operator text, is_absolute boolean)
            WHERE w.is_absolute
        ) AS windows;
    END IF;
    RETURN coalesce('CASE i.table_id' || conditions || ' ELSE true END', 'true');
END
$$;
