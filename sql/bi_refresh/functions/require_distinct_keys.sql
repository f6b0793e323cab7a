-- Raises cardinality_violation (as REFRESH ... CONCURRENTLY does) where a maintained table has another number of rows than it ought
-- to: its definition gave rows with the same key, which no join by the key tells apart. Names one.
CREATE OR REPLACE FUNCTION bi_refresh.require_distinct_keys(target bi_refresh.maintained_table, expected bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    key_columns CONSTANT text := (
        SELECT pg_catalog.string_agg(pg_catalog.quote_ident(k.name), ', ' ORDER BY k.position)
        FROM pg_catalog.unnest(target.key_columns) WITH ORDINALITY AS k (name, position)
    );
    present CONSTANT bigint := bi_refresh.ask_as_owner(target.id, pg_catalog.format(
        'SELECT pg_catalog.to_jsonb(pg_catalog.count(*)) FROM %s', target.relation::pg_catalog.regclass
    ));
    key jsonb;
BEGIN
    IF present = expected THEN
        RETURN;
    END IF;
    IF key_columns IS NOT NULL THEN
        key := bi_refresh.ask_as_owner(target.id, pg_catalog.format(
            'SELECT pg_catalog.jsonb_agg(twice.*) FROM (SELECT %1$s FROM %2$s GROUP BY %1$s HAVING pg_catalog.count(*) > 1 LIMIT 1) '
            'AS twice',
            key_columns, target.definition::pg_catalog.regclass
        ));
    END IF;
    IF key IS NULL THEN
        RAISE EXCEPTION '% has % rows where its definition gives %: somebody else writes to it, or hides rows of it',
            target.relation::pg_catalog.regclass, present, expected
        USING ERRCODE = 'triggered_action_exception';
    END IF;
    RAISE EXCEPTION 'new data for % contains rows with the same key: %', target.view_name, key -> 0
    USING ERRCODE = 'cardinality_violation';
END
$$;
