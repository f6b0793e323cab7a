-- What is known of types: their names, and whether equal values of it are the same value. Not those of which 1.0 = 1.00 (numeric),
-- -0 = 0 (floating point), '1 day' = '24 hours' (interval), 'a' = 'a ' (character), or which are made of such.
SELECT
    t.oid::bigint,
    format_type(base.oid, NULL) AS name,
    base.oid::bigint AS base_oid,
    base.typtype = 'e' OR base.oid IN (
        'boolean'::regtype, 'bytea'::regtype, '"char"'::regtype, 'name'::regtype, 'smallint'::regtype,
        'integer'::regtype,
        'bigint'::regtype, 'text'::regtype, 'oid'::regtype, 'date'::regtype, 'time'::regtype, 'timestamp'::regtype,
        'timestamptz'::regtype, 'uuid'::regtype, 'character varying'::regtype, 'macaddr'::regtype, 'inet'::regtype,
        'cidr'::regtype, 'bit'::regtype, 'bit varying'::regtype, 'money'::regtype
    ) AS is_exact
FROM pg_type AS t
INNER JOIN pg_type AS base ON base.oid = coalesce(nullif(t.typbasetype, 0), t.oid)
WHERE t.oid = any(%(type_oids)s::oid [])
