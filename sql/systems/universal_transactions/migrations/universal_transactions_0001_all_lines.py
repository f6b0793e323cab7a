"""The universal_transactions system: five lines of business, their transactions in one view, the threshold triggers."""

from refresh_task.migrations import sql_migration

revision = "universal_transactions_0001"
down_revision = None
branch_labels = ("universal_transactions",)
depends_on = ("bi_refresh_0002",)  # the event queue

upgrade, downgrade = sql_migration(__file__)
