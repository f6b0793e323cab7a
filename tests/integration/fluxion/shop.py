"""A chain of one warehouse, filled by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from psycopg.rows import dict_row

from tests.integration.fluxion.system import CARACAS, SELECT_BASE_QUERY, Connection, Row


@dataclass(frozen=True)
class Shop:
    """One warehouse, in a transaction: `today` cannot change before the row is read."""

    connection: Connection
    today: date

    def stock(self, product: int, quantity: str, *, active: bool = True, updated: datetime | None = None) -> None:
        self.product(product, active=active)
        self.connection.execute(
            "INSERT INTO fluxion.inventario VALUES (1, 'PISO', %s, %s, %s)",
            [product, quantity, updated or datetime(2025, 1, 1, tzinfo=UTC)],
        )

    def product(self, product: int, *, active: bool = True) -> None:
        self.connection.execute(
            "INSERT INTO fluxion.productos VALUES (%s, 'SKU-' || %s, 'Café', 'Víveres', 'UND', 1, 2, %s)",
            [product, product, active],
        )

    def sell(self, product: int, quantity: str, *, days_ago: int, at: time = time(12), price: str = "1.00") -> None:
        self.connection.execute(
            "INSERT INTO fluxion.ventas (fecha, ubicacion_id, almacen_codigo, producto_id, cantidad, precio_unitario)"
            " VALUES (%s, 1, 'PISO', %s, %s, %s)",
            [datetime.combine(self.today - timedelta(days=days_ago), at, CARACAS), product, quantity, price],
        )

    def sell_daily(self, product: int, quantity: str, *, price: str = "1.00", days: int = 30) -> None:
        for days_ago in range(1, days + 1):
            self.sell(product, quantity, days_ago=days_ago, price=price)

    def measures(self) -> Row:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(f"{SELECT_BASE_QUERY} WHERE ubicacion_id = 1").fetchall()
        assert len(rows) == 1
        return rows[0]
