"""The base query, its rows the same, cut so that its parts can be kept up to date by themselves."""

from refresh_task.migrations import sql_migration

revision = "fluxion_0002"
down_revision = "fluxion_0001"
branch_labels = None
depends_on = None

upgrade, downgrade = sql_migration(__file__)
