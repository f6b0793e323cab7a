"""A marketplace filled by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from tests.integration.teloo.system import BOGOTA, MONTHS, RANKING, Connection, base_query, read

HOUR = timedelta(hours=1)


def advisor_id(number: int) -> UUID:
    return UUID(int=number)


@dataclass(frozen=True)
class Market:
    """One client, in a transaction: `today` cannot change before the rows are read."""

    connection: Connection
    today: date

    def moment(self, days_ago: int, at: time = time(12)) -> datetime:
        """A time of day in Bogota."""
        return datetime.combine(self.today - timedelta(days=days_ago), at, BOGOTA)

    def client(self, number: int) -> None:
        self.connection.execute(
            "INSERT INTO teloo.clientes VALUES (%s, 'Luz', %s, 'Cali', 'Valle del Cauca')",
            [number, f"+573{number:09}"],
        )

    def advisor(self, number: int, *, city: str = "Cali", department: str = "Valle del Cauca", **values: Any) -> UUID:
        row = {
            "id": advisor_id(number),
            "nombre": f"Asesor {number}",
            "email": f"asesor{number}@repuestos.example",
            "ciudad": city,
            "departamento": department,
            "punto_venta": f"Local {number}",
            **values,
        }
        self._insert("asesores", row)
        return advisor_id(number)

    def request(self, created: datetime, *, closed: datetime | None = None, **values: Any) -> int:
        """Returns its id."""
        row = {"cliente_id": 1, "marca_vehiculo": "MAZDA", "modelo_anio": 2015, "repuesto": "Farola", **values}
        return int(self._insert("solicitudes", {**row, "creada_en": created, "cerrada_en": closed}))

    def offer(self, advisor: UUID, request: int, sent: datetime, *, price: str = "100.00", **values: Any) -> int:
        """Returns its id."""
        row = {"solicitud_id": request, "asesor_id": advisor, "precio": price, "enviada_en": sent}
        return int(self._insert("ofertas", {**row, "tiempo_entrega_dias": 2, "garantia_meses": 6, **values}))

    def win(self, advisor: UUID, *, times: int = 1, days_ago: int = 5, seconds: str = "60", **values: Any) -> None:
        """So many offers, each the winning one of a request of its own, sent so long after it."""
        sent = self.moment(days_ago)
        for _ in range(times):
            request = self.request(sent - timedelta(seconds=float(seconds)))
            self.offer(advisor, request, sent, ganadora=True, **values)

    def notify(self, advisor: UUID, sent: datetime, *, answered: datetime | None = None) -> None:
        request = self.request(sent)
        row = {"asesor_id": advisor, "solicitud_id": request, "enviada_en": sent, "respondida_en": answered}
        self._insert("notificaciones", row)

    def audit(self, advisor: UUID, at: datetime, trust: str) -> None:
        self._insert("auditorias", {"asesor_id": advisor, "realizada_en": at, "confianza": trust})

    def months(self) -> dict[date, dict[str, Any]]:
        """The base query's rows."""
        return {row["mes"]: row for row in read(self.connection, base_query(MONTHS))}

    def month(self, first_day: date) -> dict[str, Any]:
        return self.months()[first_day]

    def ranking(self) -> dict[int, dict[str, Any]]:
        """The base query's rows, by the advisor's number."""
        return {row["asesor_id"].int: row for row in read(self.connection, base_query(RANKING))}

    def places(self, column: str) -> dict[int, Any]:
        """One column, by the advisor's number."""
        return {number: row[column] for number, row in self.ranking().items()}

    def _insert(self, table: str, row: dict[str, Any]) -> Any:
        columns, places = ", ".join(row), ", ".join(f"%({name})s" for name in row)
        statement = f"INSERT INTO teloo.{table} ({columns}) VALUES ({places}) RETURNING id"
        ((inserted,),) = self.connection.execute(statement.encode(), row).fetchall()
        return inserted
