-- Has a stage's table say of its key what was proved of it: never NULL. What reads the stage may then rest on it, too.
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
    LOOP
        EXECUTE statement;
    END LOOP;
END
$$;
