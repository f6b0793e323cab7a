-- Says, to the log and to the caller, that a refresh has found other rows although nothing changed beneath the view. NULL, and
-- nothing said, where that is only what every refresh does: rows with a NULL in the unique key match none and are written anew
-- each time.
CREATE OR REPLACE FUNCTION bi_refresh.report_audit(view_name text, differing_rows bigint)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    relation CONSTANT oid := bi_refresh.view_oid(view_name);
    unmatched_rows bigint := 0;
    finding text;
BEGIN
    IF bi_refresh.may_be_counted(relation) THEN
        EXECUTE pg_catalog.format(
            'SELECT pg_catalog.count(*) FROM %s WHERE pg_catalog.num_nulls(%s) > 0', view_name, bi_refresh.key_columns(relation)
        ) INTO unmatched_rows;
    END IF;
    IF differing_rows > unmatched_rows THEN
        finding := pg_catalog.format(
            'audit: %s rows differ though nothing changed beneath it: its query does not give the same rows twice',
            differing_rows - unmatched_rows
        );
        RAISE WARNING '%: %', view_name, finding USING HINT = 'docs/change-detection.md says what to do about it.';
    END IF;
    RETURN finding;
END
$$;
