-- Whether `=` between two types is PostgreSQL's own, and the equality that their btree or hash operator class sorts or hashes by:
-- that of boxes and circles is of their areas. An equality of somebody's in pg_catalog makes all of them doubtful.
SELECT
    p.number::integer,
    EXISTS (
        SELECT
        FROM pg_operator AS o
        INNER JOIN pg_amop AS x ON o.oid = x.amopopr
        INNER JOIN pg_am AS m ON x.amopmethod = m.oid
        WHERE o.oprname = '=' AND o.oid < 16384 AND o.oprnamespace = 'pg_catalog'::regnamespace
            AND o.oprleft = sides.left_type AND o.oprright = sides.right_type
            AND (m.amname, x.amopstrategy) IN (('btree', 3), ('hash', 1))
    ) AND NOT EXISTS (
        SELECT FROM pg_operator AS o
        WHERE o.oprname = '=' AND o.oid >= 16384 AND o.oprnamespace = 'pg_catalog'::regnamespace
    ) AS is_equality
FROM unnest(%(left_types)s::oid [], %(right_types)s::oid []) WITH ORDINALITY AS p (left_type, right_type, number)
CROSS JOIN LATERAL (
    SELECT
        max(resolved.type::bigint) FILTER (WHERE resolved.side = 1)::oid AS left_type,
        max(resolved.type::bigint) FILTER (WHERE resolved.side = 2)::oid AS right_type
    FROM (
        SELECT
            given.side,
            CASE
                WHEN t.typtype = 'e' THEN 'anyenum'::regtype
                WHEN t.typtype = 'r' AND t.oid < 16384 THEN 'anyrange'::regtype
                WHEN t.typinput = 'array_in'::regproc AND (t.typelem < 16384 OR element.typtype = 'e')
                    THEN 'anyarray'::regtype
                ELSE t.oid
            END AS type
        FROM (VALUES (1, p.left_type), (2, p.right_type)) AS given (side, type)
        INNER JOIN pg_type AS shown ON given.type = shown.oid
        INNER JOIN pg_type AS t ON t.oid = coalesce(nullif(shown.typbasetype, 0), shown.oid)
        LEFT JOIN pg_type AS element ON t.typelem = element.oid
    ) AS resolved
) AS sides
