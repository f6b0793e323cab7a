"""The view's rows worked out in plain Python, independently of its SQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from tests.integration.universal_transactions.system import LINES, MEXICO_CITY, SCHEMA, TABLES, Connection

# The same words for every line.
STATES = {
    "cpg_consignment": {
        "entregada": "pendiente",
        "pagada": "pagada",
        "devuelta": "devuelta",
        "cancelada": "cancelada",
    },
    "cpg_pos": {"pagada": "pagada", "devuelta": "devuelta", "cancelada": "cancelada"},
    "cpg_wholesale": {
        "pedida": "pendiente",
        "facturada": "pendiente",
        "pagada": "pagada",
        "cancelada": "cancelada",
    },
    "ecommerce_orders": {
        "pendiente": "pendiente",
        "pagada": "pagada",
        "enviada": "pagada",
        "entregada": "pagada",
        "reembolsada": "devuelta",
        "cancelada": "cancelada",
    },
    "subscription_charges": {
        "pendiente": "pendiente",
        "cobrada": "pagada",
        "fallida": "cancelada",
        "reembolsada": "devuelta",
    },
}


def expected_rows(connection: Connection) -> list[tuple[Any, ...]]:
    """All 14 columns of every row, from the tables' rows, in the order of the key."""
    tables = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for table in TABLES:
            tables[table] = cursor.execute(sql.SQL("TABLE {}").format(sql.Identifier(SCHEMA, table))).fetchall()
    customers = {customer["id"]: customer for customer in tables["clientes"]}
    rows = []
    for line in LINES:
        for transaction in sorted(tables[line], key=lambda row: row["id"]):
            customer = customers.get(transaction["cliente_id"], {})
            state = STATES[line][transaction["estado"]]
            amount = transaction["monto_total"]
            if line == "ecommerce_orders":
                amount = transaction["monto_productos"] + transaction["monto_envio"]
            rows.append(
                (
                    line,
                    transaction["id"],
                    transaction["fecha"],
                    transaction["fecha"].astimezone(MEXICO_CITY).date(),
                    transaction["cliente_id"],
                    customer.get("nombre"),
                    customer.get("ciudad"),
                    transaction["metodo_pago"],
                    state,
                    transaction["estado"],
                    amount,
                    amount if state == "pagada" else Decimal("0.00"),
                    "MXN",
                    amount >= Decimal(10_000),
                )
            )
    return rows
