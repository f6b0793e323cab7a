-- What in the rule trees of views, and in the parsed bodies of the functions they call, bears upon a proof.
--   collations: those for which different strings are equal
--   groups_inexactly: rows are told apart by a type of which equal values may differ, as 1.0 and 1.00 do
--   remarks: aggregates whose result depends on the order in which rows come: floating point, which rounds at every step
--   functions_ask_the_time: a function's body does, where no plan would show it
--   casts_are_strict: none of the functions is a cast, which may make NULL of anything
WITH written AS (
    SELECT r.ev_action::text AS query
    FROM pg_rewrite AS r
    WHERE r.ev_class = any(%(views)s::oid []) AND r.ev_type = '1'
    UNION ALL
    SELECT p.prosqlbody::text
    FROM pg_proc AS p
    WHERE p.oid = any(%(functions)s::oid []) AND p.prosqlbody IS NOT NULL
),

-- the order of rows is nothing that they are told apart by; nor is what an aggregate takes but once
tree AS (
    SELECT regexp_replace(
        written.query, ':(sortClause|orderClause|aggorder|aggdistinct) \(\{SORTGROUPCLAUSE [^()]*\}\)', '', 'g'
    ) AS query
    FROM written
)

SELECT
    (
        SELECT coalesce(array_agg(DISTINCT c.collname::text), '{}')
        FROM tree
        CROSS JOIN LATERAL regexp_matches(tree.query, ':\w*coll(?:id|ation) (\d+)', 'g') AS m (match)
        INNER JOIN pg_collation AS c ON m.match[1] = c.oid::text
        WHERE NOT c.collisdeterministic
    ) AS collations,
    (
        SELECT count(*) > 0
        FROM tree
        CROSS JOIN LATERAL regexp_matches(tree.query, ':eqop (\d+)', 'g') AS m (match)
        INNER JOIN pg_operator AS o ON m.match[1] = o.oid::text
        WHERE o.oprleft NOT IN (
            'boolean'::regtype, 'bytea'::regtype, '"char"'::regtype, 'name'::regtype, 'smallint'::regtype,
            'integer'::regtype, 'bigint'::regtype, 'text'::regtype, 'oid'::regtype, 'date'::regtype, 'time'::regtype,
            'timestamp'::regtype, 'timestamptz'::regtype, 'uuid'::regtype, 'macaddr'::regtype, 'inet'::regtype,
            'bit'::regtype, 'bit varying'::regtype, 'money'::regtype, 'anyenum'::regtype
        )
    ) AS groups_inexactly,
    (
        SELECT coalesce(
            array_agg(
                DISTINCT format('%%s of %%s rounds row by row, in any order', p.proname, argument.type::regtype)
            ),
            '{}'
        )
        FROM tree
        CROSS JOIN LATERAL regexp_matches(tree.query, ':(?:aggfnoid|winfnoid) (\d+)', 'g') AS m (match)
        INNER JOIN pg_proc AS p ON m.match[1] = p.oid::text
        CROSS JOIN LATERAL unnest(p.proargtypes::oid []) AS argument (type)
        WHERE argument.type IN ('real'::regtype, 'double precision'::regtype)
            AND (p.proname IN ('sum', 'avg', 'corr') OR p.proname ~ '^(stddev|var|covar|regr)')
    ) AS remarks,
    (
        SELECT count(*) > 0
        FROM pg_proc AS p
        WHERE p.oid = any(%(functions)s::oid [])
            AND p.prosqlbody::text ~ ':funcid (1299|2647) |\{SQLVALUEFUNCTION :op [0-8] '
    ) AS functions_ask_the_time,
    NOT EXISTS (
        SELECT
        FROM pg_cast AS k
        WHERE k.castfunc = any(%(functions)s::oid []) AND k.castfunc >= 16384
    ) AS casts_are_strict
