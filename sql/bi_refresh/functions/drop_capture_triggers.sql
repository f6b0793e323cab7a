-- Takes a captured table's triggers from every table that has one, in its tree or not. Waits up to `patience_ms` for transactions that
-- use them, readers too, in short tries, which make new ones wait.
CREATE OR REPLACE FUNCTION bi_refresh.drop_capture_triggers(capture_id integer, patience_ms integer)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    functions CONSTANT oid[] := bi_refresh.capture_function_oids(capture_id);
    statement text;
    blocked text;
BEGIN
    PERFORM bi_refresh.lock_together(
        ARRAY(
            SELECT DISTINCT g.tgrelid FROM pg_catalog.pg_trigger AS g WHERE g.tgfoid = ANY (functions)
            UNION
            -- whoever drops them next does not wait for writers while readers wait for him
            SELECT c.oid
            FROM pg_catalog.pg_class AS c
            WHERE c.oid IN (
                pg_catalog.to_regclass(pg_catalog.format('bi_refresh_incremental.log_%s', capture_id)),
                pg_catalog.to_regclass(pg_catalog.format('bi_refresh_incremental.pending_%s', capture_id))
            )
            ORDER BY 1
        ),
        'ACCESS EXCLUSIVE',
        patience_ms
    );
    FOR statement IN
        SELECT pg_catalog.format('DROP TRIGGER %I ON %s', g.tgname, g.tgrelid::pg_catalog.regclass)
        FROM pg_catalog.pg_trigger AS g
        WHERE g.tgfoid = ANY (functions)
    LOOP
        EXECUTE statement;
    END LOOP;
EXCEPTION
    WHEN lock_not_available THEN
        GET STACKED DIAGNOSTICS blocked = PG_EXCEPTION_DETAIL;
        IF blocked !~ '^\d+$' THEN
            RAISE;
        END IF;
        RAISE EXCEPTION 'a transaction that uses % did not end within % ms (%)',
            blocked::oid::pg_catalog.regclass,
            patience_ms,
            coalesce(bi_refresh.lock_users(blocked::oid), 'it has ended meanwhile')
        USING ERRCODE = 'lock_not_available';
END
$$;
