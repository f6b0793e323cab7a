-- How a view can be refreshed now, and why. Never a blocking refresh of a view that somebody may be reading, unless the task's
-- plan allows it (the policy's exclusive window): a populated view without a usable unique index is an error, with the statement
-- that mends it. For an incremental view, what there is to choose before anything is known of the changes: refresh_incrementally()
-- may still find that only the whole will do.
CREATE OR REPLACE FUNCTION bi_refresh.choose_strategy(view_name text, plan jsonb, OUT strategy text, OUT reason text)
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation record;
BEGIN
    SELECT
        c.relkind,
        c.relispopulated,
        bi_refresh.usable_unique_index(c.oid) AS unique_index,
        p.refresh_mode,
        i.status,
        i.distrust_reason
    INTO relation
    FROM pg_catalog.pg_class AS c
    INNER JOIN bi_refresh.view_policy AS p ON p.view_name = choose_strategy.view_name
    LEFT JOIN bi_refresh.incremental_view AS i ON i.view_name = p.view_name AND i.status IN ('enabled', 'distrusted')
    WHERE c.oid = bi_refresh.view_oid(choose_strategy.view_name);

    IF NOT found THEN
        RAISE EXCEPTION 'materialized view % does not exist', view_name USING ERRCODE = 'undefined_table';
    ELSIF relation.status = 'distrusted' THEN
        strategy := 'difference';
        reason := pg_catalog.concat_ws(': ', 'in full: it is distrusted', relation.distrust_reason);
    ELSIF relation.refresh_mode = 'full' AND relation.status = 'enabled' THEN
        strategy := 'difference';
        reason := 'in full: its policy says refresh_mode = "full"';
    ELSIF plan ->> 'strategy' = 'difference' AND relation.status = 'enabled' THEN
        strategy := 'difference';
        reason := 'in full: as was asked for';
    ELSIF relation.status = 'enabled' THEN
        strategy := 'incremental';
        reason := 'what changed since its last refresh';
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
