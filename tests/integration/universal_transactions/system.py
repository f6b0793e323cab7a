"""Names of the system's objects, and what a test does with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

SYSTEM = Path(__file__).parents[3] / "sql" / "systems" / "universal_transactions"
DOCUMENT = Path(__file__).parents[3] / "docs" / "systems" / "universal_transactions.md"
SCHEMA = "universal_transactions"
MATERIALIZED_VIEW = f"{SCHEMA}.universal_transactions_mv"
BASE_QUERY = f"{SCHEMA}.v_universal_transactions"
LINES = ("cpg_consignment", "cpg_pos", "cpg_wholesale", "ecommerce_orders", "subscription_charges")
TABLES = ("clientes", *LINES)
# What a transaction of each line has to have besides its amount: columns, and values.
REQUIRED = {
    "cpg_consignment": ("cliente_id", "1"),
    "cpg_pos": ("sucursal", "'Sucursal 1'"),
    "cpg_wholesale": ("cliente_id", "1"),
    "ecommerce_orders": ("cliente_id", "1"),
    "subscription_charges": (
        "cliente_id, suscripcion_id, plan, periodo",
        "1, (SELECT count(*) FROM universal_transactions.subscription_charges), 'negocio', '2025-01-01'",
    ),
}
# Mexico has had no daylight saving time since October 2022. A fixed offset, so that the expectation does not depend on
# the zone data that the view itself uses.
MEXICO_CITY = timezone(timedelta(hours=-6))

Connection = psycopg.Connection[Any]
Row = Mapping[str, Any]


def add(connection: Connection, line: str, amount: str) -> int:
    """One transaction of a line, by the columns that it must have; returns its id."""
    # the web shop's total is a sum
    columns, values = REQUIRED[line]
    amount_column = "monto_productos" if line == "ecommerce_orders" else "monto_total"
    row = connection.execute(
        f"INSERT INTO {SCHEMA}.{line} ({columns}, {amount_column}) VALUES ({values}, %s) RETURNING id", [amount]
    ).fetchone()
    assert row is not None
    return int(row[0])


def read_view(connection: Connection, relation: str = BASE_QUERY) -> list[tuple[Any, ...]]:
    return connection.execute(f'SELECT * FROM {relation} ORDER BY origen COLLATE "C", transaccion_id').fetchall()


def logged_refresh(connection: Connection, *arguments: str) -> Row:
    """The one row of refresh_universal_transactions_logged()."""
    with connection.cursor(row_factory=dict_row) as cursor:
        (row,) = cursor.execute(
            f"SELECT * FROM {SCHEMA}.refresh_universal_transactions_logged({', '.join(['%s'] * len(arguments))})",
            arguments,
        ).fetchall()
    return dict(row)


def requests(connection: Connection) -> list[tuple[Any, ...]]:
    """What waits in the event queue: view, priority, reason."""
    return connection.execute(
        "SELECT view_name, priority, reason FROM bi_refresh.mv_refresh_triggers WHERE refresh_requested ORDER BY id"
    ).fetchall()


def generate(connection: Connection, transactions: int, as_of: date | None = None) -> None:
    if as_of is None:
        connection.execute("SELECT universal_transactions.generate_sample_data(%s)", [transactions])
    else:
        connection.execute("SELECT universal_transactions.generate_sample_data(%s, %s)", [transactions, as_of])
