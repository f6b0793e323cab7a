-- The touch trigger: one entry for a statement that wrote to a watched table, in its own transaction. Every write to those tables
-- waits for this, so there is no SET search_path, which would cost a tenth more: no name here is looked up in one.
CREATE OR REPLACE FUNCTION bi_refresh.record_touch()
RETURNS trigger
LANGUAGE plpgsql
-- writers need no right to bi_refresh
SECURITY DEFINER
AS $$
BEGIN
    INSERT INTO bi_refresh.table_touch (relation) VALUES (tg_relid);
    RETURN NULL;
END
$$;
