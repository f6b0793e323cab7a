"""When a view is due, what changed beneath it, suspension, the event queue."""

from refresh_task.migrations import sql_migration

revision = "bi_refresh_0002"
down_revision = "bi_refresh_0001"
branch_labels = None
depends_on = None

upgrade, downgrade = sql_migration(__file__)
