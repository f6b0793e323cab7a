-- What the newest migration brought, so that an older schema is said to be one, and not that a column is missing
-- (tests/integration/test_migrations.py sees to it that this moves along).
SELECT to_regclass('bi_refresh.incremental_view') IS NOT NULL AS schema_exists
