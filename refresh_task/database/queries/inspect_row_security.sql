-- Which readers see only some rows of a relation: those that are under its row-level security.
SELECT
    pair.reader_oid,
    quote_ident(r.rolname) AS reader,
    pair.relation_oid
FROM unnest(%(readers)s::oid [], %(relations)s::oid []) AS pair (reader_oid, relation_oid)
INNER JOIN pg_class AS c ON pair.relation_oid = c.oid
INNER JOIN pg_roles AS r ON pair.reader_oid = r.oid
WHERE c.relrowsecurity
    AND NOT r.rolsuper
    AND NOT r.rolbypassrls
    AND (c.relforcerowsecurity OR NOT pg_has_role(pair.reader_oid, c.relowner, 'USAGE'))
