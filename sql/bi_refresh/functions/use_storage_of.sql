-- Has what this transaction creates next stored where a relation or index is: its tablespace, and the access method
-- of tables.
CREATE OR REPLACE FUNCTION bi_refresh.use_storage_of(model oid)
RETURNS void
LANGUAGE sql
VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT
    pg_catalog.set_config('default_tablespace', coalesce(t.spcname, ''), true),
    CASE WHEN m.amtype = 't' THEN pg_catalog.set_config('default_table_access_method', m.amname, true) END
FROM pg_catalog.pg_class AS c
LEFT JOIN pg_catalog.pg_tablespace AS t ON c.reltablespace = t.oid
LEFT JOIN pg_catalog.pg_am AS m ON c.relam = m.oid
WHERE c.oid = model
$$;
