-- Whether equal values of a type are the same in every respect: 1.0 = 1.00, and one letter may equal another, but one date is like
-- another. Of a text, what its collation says.
CREATE OR REPLACE FUNCTION bi_refresh.equal_is_identical(type oid, collation_oid oid)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        type IN (
            'boolean'::pg_catalog.regtype, 'smallint'::pg_catalog.regtype, 'integer'::pg_catalog.regtype,
            'bigint'::pg_catalog.regtype, 'oid'::pg_catalog.regtype, 'date'::pg_catalog.regtype,
            'timestamp'::pg_catalog.regtype, 'timestamptz'::pg_catalog.regtype, 'uuid'::pg_catalog.regtype,
            'bytea'::pg_catalog.regtype
        )
        OR (
            type IN ('text'::pg_catalog.regtype, 'varchar'::pg_catalog.regtype)
            AND EXISTS (SELECT FROM pg_catalog.pg_collation AS c WHERE c.oid = collation_oid AND c.collisdeterministic)
        )
        OR EXISTS (SELECT FROM pg_catalog.pg_type AS t WHERE t.oid = type AND t.typtype = 'e')
    );
END
$$;
