-- Tables whose columns a plan may call by other names than their own: those that the query gives a list of names (FROM t AS x (b, a)),
-- and those with partitions or children, which plans call by the names that the parent's columns had when the view was made.
-- A materialized view's query is planned by its text, in which the names are those of today.
--   is_alias: it is a list, and stays one whatever is made anew
--   reader: the view that reads the table; NULL: a function's body does
WITH written AS (
    SELECT
        c.oid AS reader,
        c.relkind = 'm' AS is_planned_by_text,
        r.ev_action::text AS query
    FROM pg_rewrite AS r
    INNER JOIN pg_class AS c ON r.ev_class = c.oid
    WHERE r.ev_class = any(%(views)s::oid []) AND r.ev_type = '1'
    UNION ALL
    SELECT
        NULL,
        false,
        p.prosqlbody::text
    FROM pg_proc AS p
    WHERE p.oid = any(%(functions)s::oid []) AND p.prosqlbody IS NOT NULL
),

-- within a list: names in quotes, which spaces separate; in a name a backslash stands before whatever is special
entry AS (
    SELECT
        written.reader,
        written.is_planned_by_text,
        e.match[1] LIKE '%%:colnames (%%' AS is_alias,
        e.match[2] AS names,
        e.match[3]::oid AS relation
    FROM written
    CROSS JOIN LATERAL regexp_matches(
        written.query,
        '\{(?:RTE|RANGETBLENTRY) :alias (<>|\{ALIAS :aliasname (?:\\.|[^ \\])+ :colnames (?:<>|\((?:\\.|[^()\\])*\))\})'
        ' :eref \{ALIAS :aliasname (?:\\.|[^ \\])+ :colnames \(((?:\\.|[^()\\])*)\)\} :rtekind 0 :relid (\d+) ',
        'g'
    ) AS e (match)
)

SELECT
    n.nspname AS schema_name,
    c.relname AS relation_name,
    bool_or(entry.is_alias) AS is_alias,
    min(CASE WHEN v.oid IS NOT NULL THEN format('%%I.%%I', vn.nspname, v.relname) END) AS reader
FROM entry
INNER JOIN pg_class AS c ON entry.relation = c.oid AND c.relkind IN ('r', 'p')
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
CROSS JOIN LATERAL regexp_matches(entry.names, '(?:\\.|[^ \\])+', 'g') WITH ORDINALITY AS given (match, attnum)
INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND given.attnum = a.attnum AND NOT a.attisdropped
LEFT JOIN pg_class AS v ON entry.reader = v.oid
LEFT JOIN pg_namespace AS vn ON v.relnamespace = vn.oid
WHERE a.attname <> regexp_replace(substr(given.match[1], 2, length(given.match[1]) - 2), '\\(.)', '\1', 'g')
    AND (
        entry.is_alias
        OR (NOT entry.is_planned_by_text AND EXISTS (
            SELECT
            FROM pg_inherits AS i
            WHERE c.oid = i.inhparent
        ))
    )
GROUP BY n.nspname, c.relname
ORDER BY n.nspname, c.relname
