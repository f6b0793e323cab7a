"""The matrix of what the partner owes for each driver, and the eight views it is made from."""

from refresh_task.migrations import sql_migration

revision = "driver_matrix_0002"
down_revision = "driver_matrix_0001"
branch_labels = None
depends_on = None

upgrade, downgrade = sql_migration(__file__)
