-- How a view can be refreshed now, and why. Never a blocking refresh of a view that somebody may be reading, unless the task's
-- plan allows it (the policy's exclusive window): a populated view without a usable unique index is an error, with the statement
-- that mends it.
CREATE OR REPLACE FUNCTION bi_refresh.choose_strategy(view_name text, plan jsonb, OUT strategy text, OUT reason text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation record;
BEGIN
    SELECT c.relkind, c.relispopulated, bi_refresh.usable_unique_index(c.oid) AS unique_index
    INTO relation
    FROM pg_catalog.pg_class AS c
    WHERE c.oid = bi_refresh.view_oid(choose_strategy.view_name);

    IF NOT found THEN
        RAISE EXCEPTION 'materialized view % does not exist', view_name USING ERRCODE = 'undefined_table';
    ELSIF relation.relkind <> 'm' THEN
        RAISE EXCEPTION '% is not a materialized view', view_name USING ERRCODE = 'wrong_object_type';
    ELSIF NOT relation.relispopulated THEN
        strategy := 'exclusive';
        reason := 'not populated yet, so nobody can be reading it';
    ELSIF relation.unique_index IS NOT NULL THEN
        strategy := 'concurrent';
        reason := pg_catalog.format('by its unique index %s', relation.unique_index::pg_catalog.regclass);
    ELSIF plan ->> 'strategy' = 'exclusive' THEN
        strategy := 'exclusive';
        reason := plan ->> 'reason';
    ELSE
        RAISE EXCEPTION '% has no unique index on plain columns, so it cannot be refreshed without blocking its readers', view_name
        USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END
$$;
