-- What differs between two fingerprints of one view, in words; NULL: nothing does, so the contents made from the one are right
-- for the other. The words never decide: what differs without a word for it differs all the same.
CREATE OR REPLACE FUNCTION bi_refresh.fingerprint_changes(former jsonb, latest jsonb)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH changed_table AS (
    SELECT
        pg_catalog.count(*) AS number,
        pg_catalog.string_agg(t.name, ', ' ORDER BY t.name) FILTER (WHERE t.method = t.former_method) AS names,
        pg_catalog.string_agg(
            coalesce(t.note, t.name || ' is checked in another way than before'), '; ' ORDER BY t.name
        ) FILTER (WHERE t.method IS DISTINCT FROM t.former_method) AS notes
    FROM (
        SELECT
            coalesce(f.entry ->> 'name', l.entry ->> 'name') AS name,
            l.entry ->> 'note' AS note,
            f.entry ->> 'method' AS former_method,
            l.entry ->> 'method' AS method,
            f.entry ->> 'state' AS former_state,
            l.entry ->> 'state' AS state
        FROM pg_catalog.jsonb_each(former -> 'tables') AS f (relation, entry)
        FULL JOIN pg_catalog.jsonb_each(latest -> 'tables') AS l (relation, entry) ON f.relation = l.relation
    ) AS t
    -- a state that is not known is no state's equal
    WHERE (t.method = t.former_method AND t.state = t.former_state) IS NOT true
),

passed_moment AS (
    SELECT pg_catalog.string_agg(
        pg_catalog.format('the %s it depends on%s has passed', coalesce(said.match[1], 'day'), ' (' || said.match[2] || ')'), '; '
        ORDER BY m.detail
    ) AS words
    FROM pg_catalog.jsonb_each_text(latest -> 'moments') AS m (detail, moment)
    CROSS JOIN LATERAL pg_catalog.regexp_match(m.detail, '^the (?:date|current (\S+))(?: in (.*))?$') AS said (match)
    WHERE former -> 'moments' ->> m.detail IS DISTINCT FROM m.moment
),

age AS (
    SELECT (latest ->> 'transaction')::numeric - (former ->> 'transaction')::numeric < 2147483648 AS is_known
)

SELECT
    CASE
        WHEN changed_table.number = 0
            AND former -> 'moments' = latest -> 'moments'
            AND former ->> 'structure' = latest ->> 'structure'
            AND former ->> 'contents' = latest ->> 'contents'
            AND age.is_known
            THEN NULL
        ELSE coalesce(
            nullif(pg_catalog.concat_ws(
                '; ',
                'changed: ' || changed_table.names,
                changed_table.notes,
                passed_moment.words,
                -- TRUNCATE changes the catalogs, too: the table's name says more
                CASE
                    WHEN former ->> 'structure' IS DISTINCT FROM latest ->> 'structure' AND changed_table.names IS NULL
                        THEN 'its definition or a table''s structure changed'
                END,
                -- what it read then is not known, and the tables may be again as they were for our refresh
                CASE
                    WHEN former ->> 'contents' IS DISTINCT FROM latest ->> 'contents'
                        THEN 'somebody else has refreshed or altered it'
                END,
                -- their numbers come around
                CASE WHEN age.is_known IS NOT true THEN 'too many transactions since the last fingerprint' END
            ), ''),
            'what it was made from is not known any more'
        )
    END
FROM changed_table, passed_moment, age
$$;
