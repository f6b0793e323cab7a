-- NULL: there is none of this name, written as PostgreSQL writes it.
SELECT
    to_regclass(%(name)s)::oid::bigint AS relation,
    (parse_ident(%(name)s))[1] AS schema_name,
    (parse_ident(%(name)s))[2] AS relation_name
