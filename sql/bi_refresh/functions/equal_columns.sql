-- The condition that rows agree in some columns of a relation, as SQL text: "t.id = d.c1 AND t.kind = d.c2".
--   numbered   the other row's columns are c1, c2, ... in the order of `columns`; otherwise they have the same names
CREATE OR REPLACE FUNCTION bi_refresh.equal_columns(
    relation oid, columns name[], row_name text, other_name text, numbered boolean
)
RETURNS text
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT pg_catalog.string_agg(
            pg_catalog.format(
                '%s.%I %s %s.%I',
                row_name, a.attname, bi_refresh.equality_operator(a.atttypid), other_name,
                CASE WHEN numbered THEN 'c' || k.position ELSE a.attname END
            ),
            ' AND ' ORDER BY k.position
        )
        FROM pg_catalog.unnest(columns) WITH ORDINALITY AS k (name, position)
        INNER JOIN pg_catalog.pg_attribute AS a ON a.attrelid = relation AND k.name = a.attname
    );
END
$$;
