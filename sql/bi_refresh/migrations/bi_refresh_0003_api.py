"""What the API needs: published views, schedules set at run time, manual refreshes counted by caller."""

from refresh_task.migrations import sql_migration

revision = "bi_refresh_0003"
down_revision = "bi_refresh_0002"
branch_labels = None
depends_on = None

upgrade, downgrade = sql_migration(__file__)
