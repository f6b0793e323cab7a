-- Moves the counts and sums of a linear table by what was claimed for it: each group by what its changed rows add and take away.
-- Reads nothing but the changes and the groups that they touch.
--   changed_keys   groups that were moved
--   obstacle       why nothing was written and the whole has to be computed, in words
CREATE OR REPLACE FUNCTION bi_refresh.maintain_linear(
    table_id integer, OUT inserted bigint, OUT deleted bigint, OUT changed_keys bigint, OUT obstacle text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    target bi_refresh.maintained_table;
    counted jsonb;
    applied record;
BEGIN
    SELECT m.* INTO STRICT target FROM bi_refresh.maintained_table AS m WHERE m.id = table_id;
    BEGIN
        PERFORM bi_refresh.execute_as_owner(table_id, bi_refresh.linear_differences(target));
    EXCEPTION
        WHEN data_exception THEN
            -- A row that came and went, which the definition never looks at, may have a value that cannot be computed with.
            obstacle := pg_catalog.format('what changed rows add cannot be told (%s)', sqlerrm);
            RETURN;
    END;
    counted := bi_refresh.ask_as_owner(table_id, pg_catalog.format(
        'SELECT pg_catalog.jsonb_build_array('
        'pg_catalog.count(*) FILTER (WHERE found.row_id IS NULL), '
        'pg_catalog.count(*) FILTER (WHERE found.is_gone), '
        'pg_catalog.count(*) FILTER (WHERE found.row_id IS NOT NULL AND NOT found.is_gone), '
        'pg_catalog.count(*) FILTER (WHERE found.is_impossible)) FROM pg_temp.differences_%s AS found',
        table_id
    ));
    IF (counted -> 3)::bigint > 0 THEN
        obstacle := pg_catalog.format('%s groups would come to fewer rows than none', counted -> 3);
    ELSE
        applied := bi_refresh.apply_differences(
            target, (counted -> 0)::bigint, (counted -> 1)::bigint, (counted -> 2)::bigint
        );
        inserted := applied.inserted;
        deleted := applied.deleted;
        changed_keys := (counted -> 0)::bigint + (counted -> 1)::bigint + (counted -> 2)::bigint;
    END IF;
    PERFORM bi_refresh.execute_as_owner(table_id, pg_catalog.format('DROP TABLE pg_temp.differences_%s', table_id));
END
$$;
