-- Whether `=` between two types is PostgreSQL's own, and the equality that their btree operator class sorts by, as indexes do:
-- that of boxes and circles is of their areas, json has none, and lists of such are compared by none either. An equality of somebody's
-- in pg_catalog makes all of them doubtful. Not "char": PostgreSQL 18 fails to estimate how many rows are equal to one.
SELECT
    p.number::integer,
    EXISTS (
        SELECT
        FROM pg_operator AS o
        INNER JOIN pg_amop AS x ON o.oid = x.amopopr
        INNER JOIN pg_am AS m ON x.amopmethod = m.oid
        WHERE o.oprname = '=' AND o.oid < 16384 AND o.oprnamespace = 'pg_catalog'::regnamespace
            AND o.oprleft = sides.left_type AND o.oprright = sides.right_type
            AND o.oprleft <> '"char"'::regtype AND o.oprright <> '"char"'::regtype
            AND m.amname = 'btree' AND x.amopstrategy = 3
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
                WHEN
                    t.typinput = 'array_in'::regproc
                    AND (
                        element.typtype = 'e'
                        OR (element.oid < 16384 AND EXISTS (
                            SELECT
                            FROM pg_opclass AS k
                            INNER JOIN pg_am AS m ON k.opcmethod = m.oid AND m.amname = 'btree'
                            WHERE k.opcdefault AND k.oid < 16384
                                AND (
                                    k.opcintype = element.oid
                                    OR (element.typtype = 'r' AND k.opcintype = 'anyrange'::regtype)
                                    OR EXISTS (
                                        SELECT
                                        FROM pg_cast AS f
                                        WHERE f.castsource = element.oid AND f.casttarget = k.opcintype
                                            AND f.castmethod = 'b' AND f.castcontext = 'i'
                                    )
                                )
                        ))
                    )
                    THEN 'anyarray'::regtype
                ELSE t.oid
            END AS type
        FROM (VALUES (1, p.left_type), (2, p.right_type)) AS given (side, type)
        INNER JOIN pg_type AS shown ON given.type = shown.oid
        INNER JOIN pg_type AS t ON t.oid = coalesce(nullif(shown.typbasetype, 0), shown.oid)
        LEFT JOIN pg_type AS element ON t.typelem = element.oid
    ) AS resolved
) AS sides
