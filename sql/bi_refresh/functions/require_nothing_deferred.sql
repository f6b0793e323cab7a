-- Raises where refreshing views might run deferred triggers of the caller's with the rights of their owners: a refresh of an
-- incremental view that runs code of its owner's has such triggers run before it ends, and before PostgreSQL 18 they run with the rights
-- of whoever does that. None can wait where the transaction has written nothing yet.
CREATE OR REPLACE FUNCTION bi_refresh.require_nothing_deferred(views text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    view text;
BEGIN
    IF pg_catalog.current_setting('server_version_num')::integer >= 180000
        OR pg_catalog.pg_current_xact_id_if_assigned() IS NULL
    THEN
        RETURN;
    END IF;
    SELECT pg_catalog.min(s.view_name) INTO view
    FROM bi_refresh.select_views(views) AS s
    INNER JOIN bi_refresh.maintained_table AS m ON s.view_name = m.view_name
    INNER JOIN pg_catalog.pg_class AS c ON m.relation = c.oid
    WHERE bi_refresh.runs_code(m) AND NOT pg_catalog.pg_has_role(session_user, c.relowner, 'USAGE');
    IF view IS NOT NULL THEN
        RAISE EXCEPTION '% runs code of its owner''s, and is not refreshed in a transaction that has written something', view
        USING ERRCODE = 'active_sql_transaction',
        HINT = 'Commit first: triggers of yours that wait for the end of the transaction would run as that owner.';
    END IF;
END
$$;
