-- What the calendar says now to the findings of classify_views() of class date: {"the date in America/Caracas": "2026-11-23"}.
-- now() is the same for the whole transaction, so this is what a REFRESH in it computes with.
CREATE OR REPLACE FUNCTION bi_refresh.current_moments(details text[])
RETURNS jsonb
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(
    pg_catalog.jsonb_object_agg(
        said.detail,
        CASE
            WHEN said.match[1] IS NULL THEN said.moment::date::text
            ELSE pg_catalog.date_trunc(said.match[1], said.moment)::text
        END
    ),
    '{}'
)
FROM (
    SELECT
        d.detail,
        m.match,
        CASE
            WHEN m.match[2] IS NULL THEN pg_catalog.now()::timestamp
            ELSE pg_catalog.now() AT TIME ZONE m.match[2]
        END AS moment
    FROM pg_catalog.unnest(details) AS d (detail)
    CROSS JOIN LATERAL pg_catalog.regexp_match(d.detail, '^the (?:date|current (\S+))(?: in (.*))?$') AS m (match)
) AS said
$$;
