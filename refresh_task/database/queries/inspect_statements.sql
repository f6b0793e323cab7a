-- Where pg_stat_statements can be read, if it is installed: its own view, never another of the same name.
SELECT
    n.nspname::text AS schema_name,
    has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS is_readable
FROM pg_extension AS e
INNER JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND d.deptype = 'e'
INNER JOIN pg_class AS c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
INNER JOIN pg_namespace AS n ON c.relnamespace = n.oid
WHERE e.extname = 'pg_stat_statements' AND c.relname = 'pg_stat_statements'
