-- Those that are there, and are no materialized views.
SELECT c.oid::bigint AS relation
FROM pg_class AS c
WHERE c.oid = ANY(%(relations)s::oid[]) AND c.relkind <> 'm'
