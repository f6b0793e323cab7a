"""The fluxion system: locations, warehouses, products, inventory, sales, and their regional summary."""

from refresh_task.migrations import sql_migration

revision = "fluxion_0001"
down_revision = None
branch_labels = ("fluxion",)
depends_on = ("bi_refresh_0001",)

upgrade, downgrade = sql_migration(__file__)
