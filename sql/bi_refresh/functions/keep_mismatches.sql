-- Keeps the keys of some rows of pg_temp.differences_<table> that meet a condition as mismatches, for people to look into; returns
-- how many meet it.
CREATE OR REPLACE FUNCTION bi_refresh.keep_mismatches(
    target bi_refresh.maintained_table, log_id bigint, found_by text, condition text
)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most_rows CONSTANT integer := 100;
    found_rows CONSTANT jsonb := bi_refresh.ask_as_owner(target.id, pg_catalog.format(
        'SELECT pg_catalog.jsonb_build_array(pg_catalog.count(*), pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(CASE '
        'WHEN found.row_id IS NULL THEN ''missing'' WHEN found.is_gone THEN ''surplus'' ELSE ''other'' END, %s)) '
        'FILTER (WHERE found.position <= %s)) '
        'FROM (SELECT found.*, pg_catalog.row_number() OVER () AS position FROM pg_temp.differences_%s AS found '
        'WHERE found.differs AND (%s)) AS found',
        bi_refresh.key_as_json(target, 'found'), most_rows, target.id, condition
    ));
BEGIN
    INSERT INTO bi_refresh.incremental_mismatch (view_name, stage, log_id, found_by, difference, row_key)
    SELECT target.view_name, target.stage, keep_mismatches.log_id, keep_mismatches.found_by, f.entry ->> 0, f.entry -> 1
    FROM pg_catalog.jsonb_array_elements(nullif(found_rows -> 1, 'null')) AS f (entry);
    RETURN (found_rows -> 0)::bigint;
END
$$;
