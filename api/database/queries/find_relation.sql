-- A relation by its full name, written as PostgreSQL writes it; NULL: there is none. By joins, for to_regclass() raises for a schema
-- that the caller may not use.
SELECT
    c.oid::bigint AS relation,
    name.parts[1] AS schema_name,
    name.parts[2] AS relation_name
FROM (SELECT parse_ident(%(relation_name)s) AS parts) AS name
LEFT JOIN pg_namespace AS n ON name.parts[1] = n.nspname
LEFT JOIN pg_class AS c ON n.oid = c.relnamespace AND name.parts[2] = c.relname
