"""The teloo system: clients' requests for spare parts, advisors' offers, evaluations, audits, notifications."""

from refresh_task.migrations import sql_migration

revision = "teloo_0001"
down_revision = None
branch_labels = ("teloo",)
depends_on = ("bi_refresh_0001",)

upgrade, downgrade = sql_migration(__file__)
