-- Has a stage's table, which is empty yet, say of its key what was proved of it: never NULL, and no two rows have the same. What reads
-- the stage may then rest on it, too. All other indexes are made when it is filled, for only then is known how long values are.
CREATE OR REPLACE FUNCTION bi_refresh.make_key_required(table_id integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    statement text;
BEGIN
    FOR statement IN
        SELECT pg_catalog.format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', t.relation::pg_catalog.regclass, k.name)
        FROM bi_refresh.maintained_table AS t
        CROSS JOIN LATERAL pg_catalog.unnest(t.key_columns) AS k (name)
        WHERE t.id = table_id
        UNION ALL
        SELECT pg_catalog.format(
            'CREATE UNIQUE INDEX bi_refresh_key_%s ON %s (%s)', t.id, t.relation::pg_catalog.regclass,
            (
                SELECT pg_catalog.string_agg(pg_catalog.quote_ident(k.name), ', ' ORDER BY k.position)
                FROM pg_catalog.unnest(t.key_columns) WITH ORDINALITY AS k (name, position)
            )
        )
        FROM bi_refresh.maintained_table AS t
        WHERE t.id = table_id AND t.key_columns <> '{}'
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
