-- What an ordinary view says, and all ordinary views beneath it, as one digest.
CREATE OR REPLACE FUNCTION bi_refresh.definition_digest(definition oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.md5(pg_catalog.string_agg(r.ev_class || ' ' || r.ev_action::text, '|' ORDER BY r.ev_class))
FROM pg_catalog.pg_rewrite AS r
INNER JOIN pg_catalog.pg_class AS c ON r.ev_class = c.oid
WHERE c.relkind = 'v'
    AND r.ev_type = '1'
    AND (
        r.ev_class = definition
        OR r.ev_class IN (SELECT s.relation FROM bi_refresh.view_sources(ARRAY[definition]) AS s)
    )
$$;
