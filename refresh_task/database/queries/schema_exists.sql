SELECT to_regprocedure('bi_refresh.mark_abandoned(bigint)') IS NOT NULL AS schema_exists
