SELECT to_regclass('bi_refresh.mv_refresh_triggers') IS NOT NULL AS schema_exists
