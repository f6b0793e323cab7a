"""Incremental refresh: what is captured of which tables, and which tables are maintained from it."""

from refresh_task.migrations import sql_migration

revision = "bi_refresh_0004"
down_revision = "bi_refresh_0003"
branch_labels = None
depends_on = None

upgrade, downgrade = sql_migration(__file__)
