-- Why the changes of a table cannot be captured, in words; NULL: they can. Asked of the topmost of its tree.
CREATE OR REPLACE FUNCTION bi_refresh.capture_obstacle(relation oid)
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE member (relation) AS (
    SELECT capture_obstacle.relation
    UNION
    SELECT i.inhrelid
    FROM member
    INNER JOIN pg_catalog.pg_inherits AS i ON member.relation = i.inhparent
),

obstacle AS (
    SELECT
        CASE
            -- information_schema has tables, too
            WHEN c.oid < 16384 OR n.nspname IN ('pg_catalog', 'pg_toast', 'information_schema')
                THEN '%s is a system catalog: the server changes it without triggers'
            WHEN c.relkind = 'f' THEN '%s is a foreign table: what others change there is not seen here'
            WHEN c.relkind = 'm' THEN '%s is a materialized view: a refresh fires no triggers'
            WHEN c.relkind NOT IN ('r', 'p') THEN '%s is not a table'
            WHEN c.relpersistence = 'u' THEN '%s is unlogged: a crash empties it unseen'
            WHEN c.relpersistence = 't' THEN '%s is temporary'
            WHEN (SELECT pg_catalog.count(*) FROM pg_catalog.pg_inherits AS i WHERE i.inhrelid = c.oid) > 1
                THEN '%s inherits from several tables: no one of them stands above all its rows'
        END AS reason,
        pg_catalog.format('%I.%I', n.nspname, c.relname) AS name
    FROM member
    INNER JOIN pg_catalog.pg_class AS c ON member.relation = c.oid
    INNER JOIN pg_catalog.pg_namespace AS n ON c.relnamespace = n.oid
)

SELECT pg_catalog.min(pg_catalog.format(obstacle.reason, obstacle.name))
FROM obstacle
WHERE obstacle.reason IS NOT NULL
$$;
