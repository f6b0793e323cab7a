"""The four source systems as the demo loads them."""

from __future__ import annotations

# How many of each system's main rows: enough to see something, and loaded in seconds.
SYSTEMS = {"fluxion": 100_000, "universal_transactions": 20_000, "teloo": 3_000, "driver_matrix": 2_000}
# Views that gain from being refreshed incrementally; docs/incremental.md says why the others do not.
INCREMENTAL = (
    "fluxion.mv_ubicaciones_summary_regional",
    "universal_transactions.universal_transactions_mv",
    "ops.mv_payments_driver_matrix_cabinet",
    "teloo.mv_metricas_mensuales",
)


def migrate_command() -> str:
    """All of their tables and views."""
    return " ".join(["vistafresca migrate", *(f"--system {system}" for system in SYSTEMS), "--public-aliases"])


def policy_command() -> str:
    """All of their policies."""
    return " ".join(["vistafresca apply", *(f"--file sql/systems/{system}/views.toml" for system in SYSTEMS)])
