-- Locks a relation against everybody, until a moment at the latest: 55P03 after it. Not by LOCK TABLE, which knows no
-- materialized views, and locks all that an ordinary view reads, too; giving something to the owner that it has
-- changes nothing.
CREATE OR REPLACE FUNCTION bi_refresh.lock_exclusively(relation oid, until_at timestamptz)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    remaining_ms CONSTANT integer := 1000 * pg_catalog.date_part('epoch', until_at - pg_catalog.clock_timestamp());
    caller_lock_timeout CONSTANT text := pg_catalog.current_setting('lock_timeout');
BEGIN
    IF remaining_ms <= 0 THEN
        RAISE EXCEPTION 'no time is left to lock %', relation::pg_catalog.regclass USING ERRCODE = 'lock_not_available';
    END IF;
    -- after an error the caller's transaction is at its end
    PERFORM pg_catalog.set_config('lock_timeout', remaining_ms::text, true);
    EXECUTE (
        SELECT pg_catalog.format(
            'ALTER %s %I.%I OWNER TO %I',
            CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END,
            n.nspname,
            c.relname,
            pg_catalog.pg_get_userbyid(c.relowner)
        )
        FROM pg_catalog.pg_class AS c
        INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
        WHERE c.oid = lock_exclusively.relation
    );
    PERFORM pg_catalog.set_config('lock_timeout', caller_lock_timeout, true);
END
$$;
