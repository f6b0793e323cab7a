-- Raises where a maintained table has no function to act with its owner's rights, or one that would act with ours; and where it has
-- not the columns of its definition any more.
CREATE OR REPLACE FUNCTION bi_refresh.require_maintain_function(table_id integer)
RETURNS void
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target record;
BEGIN
    SELECT
        m.view_name,
        c.relowner,
        p.proowner,
        p.prosecdef,
        m.definition IS NOT NULL AND v.oid IS NULL AS lacks_definition,
        pg_catalog.pg_get_userbyid(c.relowner) AS owner,
        bi_refresh.column_problems(m.definition, m.relation) AS column_problems
    INTO target
    FROM bi_refresh.maintained_table AS m
    INNER JOIN pg_catalog.pg_class AS c ON m.relation = c.oid
    LEFT JOIN pg_catalog.pg_class AS v ON m.definition = v.oid
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = 'bi_refresh_as_owner'
    LEFT JOIN pg_catalog.pg_proc AS p ON p.pronamespace = n.oid AND p.proname = pg_catalog.format('maintain_%s', m.id)
    WHERE m.id = table_id;

    IF NOT found THEN
        RAISE EXCEPTION 'a table that is kept for % is gone',
            (SELECT m.view_name FROM bi_refresh.maintained_table AS m WHERE m.id = table_id)
        USING ERRCODE = 'undefined_table';
    ELSIF target.lacks_definition THEN
        RAISE EXCEPTION 'the view that says what is kept for % is gone', target.view_name USING ERRCODE = 'undefined_table';
    ELSIF target.column_problems IS NOT NULL THEN
        RAISE EXCEPTION 'the table that is kept for % was altered: %', target.view_name, target.column_problems
        USING ERRCODE = 'undefined_column', HINT = bi_refresh.incremental_remedy(target.view_name, '42703');
    ELSIF target.proowner IS DISTINCT FROM target.relowner OR target.prosecdef IS NOT true THEN
        RAISE EXCEPTION 'nothing allows refreshes of % to act as %, who owns it now', target.view_name, target.owner
        USING ERRCODE = 'insufficient_privilege',
        HINT = pg_catalog.format('SELECT bi_refresh.make_maintain_function(%s);', table_id);
    ELSIF pg_catalog.has_schema_privilege(target.relowner, 'bi_refresh_as_owner', 'USAGE')
        AND NOT pg_catalog.pg_has_role(target.relowner, (
            SELECT n.nspowner FROM pg_catalog.pg_namespace AS n WHERE n.nspname = 'bi_refresh_as_owner'
        ), 'USAGE')
    THEN
        RAISE EXCEPTION '% may use the schema bi_refresh_as_owner, and so could act as the owner of bi_refresh', target.owner
        USING ERRCODE = 'insufficient_privilege',
        HINT = pg_catalog.format('REVOKE ALL ON SCHEMA bi_refresh_as_owner FROM PUBLIC, %I;', target.owner);
    END IF;
END
$$;
