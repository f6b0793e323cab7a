-- What stands after FROM to give a source's rows, as `changed`, beside the rows that they look up, as `looked_up`: each with the
-- expressions of its side, e1, e2, ... by their position, and w1, w2, ... that equal each other. For format(): the rows, and a
-- condition on them. NULL: the source looks nothing up.
CREATE OR REPLACE FUNCTION bi_refresh.lookup_join(source bi_refresh.maintained_source)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT pg_catalog.format(
    '(SELECT %s FROM %%s%%s) AS changed INNER JOIN (SELECT %s FROM %s AS other) AS looked_up ON %s',
    pg_catalog.replace(pg_catalog.string_agg(side.text, ', ') FILTER (WHERE NOT side.is_other), '%', '%%'),
    pg_catalog.replace(pg_catalog.string_agg(side.text, ', ') FILTER (WHERE side.is_other), '%', '%%'),
    pg_catalog.replace((source.lookup ->> 'relation')::oid::pg_catalog.regclass::text, '%', '%%'),
    (
        SELECT pg_catalog.string_agg(pg_catalog.format('changed.w%1$s = looked_up.w%1$s', p.number), ' AND ')
        FROM pg_catalog.generate_series(1, pg_catalog.jsonb_array_length(source.lookup -> 'pairs')) AS p (number)
    )
)
FROM (
    SELECT
        source.lookup -> 'positions' @> pg_catalog.to_jsonb(e.position) AS is_other,
        pg_catalog.format('(%s) AS e%s', e.expression, e.position) AS text
    FROM pg_catalog.unnest(source.expressions) WITH ORDINALITY AS e (expression, position)
    UNION ALL
    SELECT
        sides.is_other,
        pg_catalog.format('(%s) AS w%s', sides.expression, p.number)
    FROM pg_catalog.jsonb_array_elements(source.lookup -> 'pairs') WITH ORDINALITY AS p (pair, number)
    CROSS JOIN LATERAL (VALUES (false, p.pair ->> 0), (true, p.pair ->> 1)) AS sides (is_other, expression)
) AS side
WHERE source.lookup IS NOT NULL
HAVING pg_catalog.count(*) > 0
$$;
