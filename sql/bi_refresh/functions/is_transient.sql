-- Whether a failure may pass by itself within seconds, so that the task tries again: a lock (55P03), a deadlock or a conflict
-- between transactions (40001, 40P01), a lost connection (08xxx), a server that is restarting (57P01 to 57P03) or has no connection
-- to spare (53300).
CREATE OR REPLACE FUNCTION bi_refresh.is_transient(failure_sqlstate text)
RETURNS boolean
LANGUAGE sql
IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT failure_sqlstate IN ('55P03', '40001', '40P01', '57P01', '57P02', '57P03', '53300')
    OR pg_catalog.starts_with(failure_sqlstate, '08')
$$;
