-- Which migrations of bi_refresh this database has last, and which views have a policy, with what they are declared to depend on: by
-- way of JSON, for an older schema has no such column.
SELECT
    (SELECT coalesce(array_agg(m.version_num::text), '{}') FROM bi_refresh.migration AS m) AS revisions,
    (
        SELECT coalesce(jsonb_object_agg(p.view_name, coalesce(to_jsonb(p) -> 'depends_on', '[]')), '{}')
        FROM bi_refresh.view_policy AS p
    ) AS managed
