"""The four source systems as the demo loads them."""

from __future__ import annotations

# How many of each system's main rows: enough to see something, and loaded in seconds.
SYSTEMS = {"fluxion": 100_000, "universal_transactions": 20_000, "teloo": 3_000, "driver_matrix": 2_000}


def migrate_command() -> str:
    """All of their tables and views."""
    return " ".join(["vistafresca migrate", *(f"--system {system}" for system in SYSTEMS), "--public-aliases"])


def policy_command() -> str:
    """All of their policies."""
    return " ".join(["vistafresca apply", *(f"--file sql/systems/{system}/views.toml" for system in SYSTEMS)])
