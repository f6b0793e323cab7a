"""What came of each month's requests, and the ranking of the advisors: the two materialized views."""

from refresh_task.migrations import sql_migration

revision = "teloo_0002"
down_revision = "teloo_0001"
branch_labels = None
depends_on = None

upgrade, downgrade = sql_migration(__file__)
