-- Raises serialization_failure where somebody else has refreshed a materialized view since this transaction's snapshot, or is about to.
-- REFRESH ... CONCURRENTLY writes what differs from the rows that the snapshot sees: those that another one has added meanwhile would
-- stay beside ours, and no change would ever touch them.
CREATE OR REPLACE FUNCTION bi_refresh.require_nobody_refreshes(relation oid)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM pg_catalog.pg_locks AS l
        WHERE l.locktype = 'relation'
            AND l.database = (SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
            AND l.relation = require_nobody_refreshes.relation
            -- had or waited for: whoever waits may have an older snapshot
            AND l.mode IN ('ExclusiveLock', 'AccessExclusiveLock')
            AND l.pid <> pg_catalog.pg_backend_pid()
    ) OR EXISTS (
        SELECT FROM pg_catalog.pg_class AS c
        WHERE c.oid = require_nobody_refreshes.relation
            -- each REFRESH writes this row anew: the version that the snapshot sees, and the last one that is committed
            AND pg_catalog.currtid2('pg_catalog.pg_class', c.ctid) <> c.ctid
    ) THEN
        RAISE EXCEPTION 'somebody else refreshes or alters % at this moment', relation::pg_catalog.regclass
        USING ERRCODE = 'serialization_failure';
    END IF;
END
$$;
