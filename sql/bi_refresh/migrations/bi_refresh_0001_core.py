"""Policies, state, runs and the refresh log."""

from refresh_task.migrations import sql_migration

revision = "bi_refresh_0001"
down_revision = None
branch_labels = ("bi_refresh",)
depends_on = None

upgrade, downgrade = sql_migration(__file__)
