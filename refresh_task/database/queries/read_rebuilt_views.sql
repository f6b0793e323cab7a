-- The materialized views that are built anew when another relation takes this one's place, in the order of building; of
-- each what it is and which of the others it reads, and which refresh its rows are of, at this moment.
SELECT
    r.relation::bigint AS relation,
    r.name,
    (
        SELECT
            jsonb_agg(
                jsonb_build_object('relation', read.oid::bigint, 'schema_name', n.nspname, 'name', read.relname)
                ORDER BY read.oid
            )
        FROM pg_class AS read
        INNER JOIN pg_namespace AS n ON read.relnamespace = n.oid
        WHERE read.oid = any(r.reads)
    ) AS reads,
    c.relispopulated AS is_populated,
    bi_refresh.query_of(r.relation) AS query,
    bi_refresh.contents_version(r.relation) AS contents
FROM bi_refresh.rebuilt_views(ARRAY[%(relation)s::oid]) AS r
INNER JOIN pg_class AS c ON r.relation = c.oid
ORDER BY r.depth, r.relation
