-- Makes the materialized view that a view is to be again under its name, empty, where somebody has dropped the table that stood there:
-- with the query that its user wrote, for the owner of its definition. Its indexes and grants went with the table.
CREATE OR REPLACE FUNCTION bi_refresh.restore_plain_view(view_name text)
RETURNS oid
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place CONSTANT text[] := pg_catalog.parse_ident(view_name);
    name CONSTANT text := 'bi_refresh_incremental.restored';
    owner CONSTANT oid := (
        SELECT bi_refresh.owner_oid(coalesce(t.definition, t.whole))
        FROM bi_refresh.maintained_table AS t
        WHERE t.view_name = restore_plain_view.view_name AND t.stage IS NULL
    );
    made oid;
BEGIN
    IF owner IS NULL THEN
        -- not as ours: its functions would run with our rights
        RAISE EXCEPTION 'nothing says any more whose % was: its table and its definition are gone', view_name
        USING ERRCODE = 'undefined_table',
        HINT = pg_catalog.format(
            'As its owner: CREATE MATERIALIZED VIEW %s AS %s', view_name, bi_refresh.view_query(view_name)
        );
    END IF;
    EXECUTE pg_catalog.format('CREATE MATERIALIZED VIEW %s AS %s WITH NO DATA', name, bi_refresh.view_query(view_name));
    made := name::pg_catalog.regclass;
    PERFORM bi_refresh.give_to_owner('MATERIALIZED VIEW', name, owner);
    PERFORM bi_refresh.keep_private(made);
    EXECUTE pg_catalog.format('ALTER MATERIALIZED VIEW %s RENAME TO %I', name, place[2]);
    EXECUTE pg_catalog.format(
        'ALTER MATERIALIZED VIEW bi_refresh_incremental.%I SET SCHEMA %I', place[2], place[1]
    );
    RETURN made;
END
$$;
