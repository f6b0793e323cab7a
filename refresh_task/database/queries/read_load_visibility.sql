-- Whether this role may see what other sessions do and how far replicas are behind, and whether this is Aurora, whose replicas share
-- the storage and are no standbys.
SELECT
    pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_all,
    to_regproc('pg_catalog.aurora_replica_status') IS NOT NULL AS is_aurora
