-- What says what an incremental view holds: the defining views of its tables (of a materialized view over stages, its own query), and
-- these tables themselves.
SELECT
    output.relation AS view_oid,
    coalesce(m.definition, m.relation) AS definition_oid,
    m.relation AS table_oid
FROM bi_refresh.maintained_table AS m
INNER JOIN bi_refresh.maintained_table AS output ON m.view_name = output.view_name AND output.stage IS NULL
WHERE output.relation IS NOT NULL AND m.relation IS NOT NULL
