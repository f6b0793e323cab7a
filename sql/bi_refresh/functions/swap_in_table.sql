-- Puts what was built for a view, a table or a materialized view over stages, under its name, in place of the plain one,
-- or of that of a former definition. From its commit on refreshes keep this one. Raises as swap_relation() does.
CREATE OR REPLACE FUNCTION bi_refresh.swap_in_table(
    view_name text, table_id integer, budget interval, taken_along jsonb
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    former CONSTANT oid := bi_refresh.view_oid(view_name);
    built bi_refresh.maintained_table;
BEGIN
    SELECT t.* INTO STRICT built
    FROM bi_refresh.maintained_table AS t
    WHERE t.id = table_id AND t.view_name = swap_in_table.view_name;
    UPDATE bi_refresh.incremental_view AS v
    SET original = v.original || pg_catalog.jsonb_build_object('rights', bi_refresh.written_rights(former))
    WHERE v.view_name = swap_in_table.view_name
        AND bi_refresh.kind_of(former) = 'MATERIALIZED VIEW'
        -- the other kind has them itself
        AND bi_refresh.kind_of(built.relation) = 'TABLE';
    PERFORM bi_refresh.swap_relation(view_name, built.relation, budget, taken_along);
    IF bi_refresh.kind_of(built.relation) = 'TABLE' THEN
        EXECUTE pg_catalog.format(
            'CREATE TRIGGER bi_refresh_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION bi_refresh.refuse_writes()',
            view_name
        );
    END IF;
    -- those of a former definition, if there is one
    PERFORM bi_refresh.drop_maintained_tables(ARRAY(
        SELECT t.id
        FROM bi_refresh.maintained_table AS t
        WHERE t.view_name = swap_in_table.view_name
            AND t.position <= (
                SELECT replaced.position
                FROM bi_refresh.maintained_table AS replaced
                WHERE replaced.view_name = swap_in_table.view_name AND replaced.relation = former
            )
    ));
    UPDATE bi_refresh.maintained_table AS t SET stage = NULL WHERE t.id = table_id;
    UPDATE bi_refresh.incremental_view AS v
    SET query = coalesce(v.original ->> 'new_query', v.query),
        original = v.original - 'new_query',
        status = 'enabled', step = 'enabled', distrust_reason = NULL, status_since = pg_catalog.clock_timestamp()
    WHERE v.view_name = swap_in_table.view_name;
    PERFORM bi_refresh.record_contents(view_name, built.relation, built.data_timestamp);
END
$$;
