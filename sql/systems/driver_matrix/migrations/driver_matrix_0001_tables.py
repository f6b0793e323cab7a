"""The driver_matrix system: drivers, leads, trips, claims and payments, and the indexes of the documents."""

from refresh_task.migrations import sql_migration

revision = "driver_matrix_0001"
down_revision = None
branch_labels = ("driver_matrix",)
depends_on = ("bi_refresh_0001",)

upgrade, downgrade = sql_migration(__file__)
