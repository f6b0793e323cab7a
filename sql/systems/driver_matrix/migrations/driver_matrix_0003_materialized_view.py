"""The materialized view, apart from its query: it can be made anew without touching table or view."""

from refresh_task.migrations import sql_migration

revision = "driver_matrix_0003"
down_revision = "driver_matrix_0002"
branch_labels = None
depends_on = None

upgrade, downgrade = sql_migration(__file__)
