-- Whether an incremental view is to be compared with its definition as a whole, because the last comparison of any of its tables is
-- older than its policy's audit_interval.
CREATE OR REPLACE FUNCTION bi_refresh.comparison_is_due(view_name text)
RETURNS boolean
LANGUAGE plpgsql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN EXISTS (
        SELECT FROM bi_refresh.maintained_table AS m
        INNER JOIN bi_refresh.view_policy AS p ON m.view_name = p.view_name
        WHERE m.view_name = comparison_is_due.view_name
            AND m.definition IS NOT NULL
            AND (m.compared_at + p.audit_interval <= pg_catalog.transaction_timestamp()) IS NOT false
    );
END
$$;
