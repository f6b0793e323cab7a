"""A fleet filled by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from psycopg.rows import dict_row

from tests.integration.driver_matrix.system import BASE_QUERY, LIMA, Connection, Row

NOON = time(12)
LEAD_DAY = date(2025, 3, 5)  # a Wednesday


@dataclass(frozen=True)
class Fleet:
    """Its days are counted from LEAD_DAY, its hours are Lima's."""

    connection: Connection

    def driver(self, driver: int, name: str = "Rosa Quispe") -> None:
        self._insert("public.drivers", driver_id=driver, driver_name=name, city="Lima")

    def rule(self, origin: str, trips: int, amount: str, *, valid_from: date = date(2025, 1, 1)) -> None:
        self._insert(
            "ops.milestone_rules",
            origin_tag=origin, milestone_trips=trips, valid_from=valid_from, amount=amount, due_days=14,
        )  # fmt: skip

    def lead(self, driver: int = 1, origin: str = "cabinet", *, after: int = 0, at: time = NOON) -> None:
        self._insert("observational.leads", driver_id=driver, origin_tag=origin, registered_at=moment(after, at))

    def trips(
        self, number: int = 1, *, driver: int = 1, after: int = 0, at: time = NOON, status: str = "completed"
    ) -> None:
        for _ in range(number):
            self._insert("ops.trips", driver_id=driver, ended_at=moment(after, at), status=status)

    def event(self, stage: str, *, driver: int = 1, after: int = 0, at: time = NOON) -> None:
        self._insert("ops.funnel_events", driver_id=driver, stage=stage, happened_at=moment(after, at))

    def claim(
        self,
        milestone: int,
        amount: str,
        *,
        driver: int = 1,
        after: int = 20,
        at: time = NOON,
        status: str = "submitted",
        lead_date: date = LEAD_DAY,
    ) -> int:
        """Its claim_id."""
        claim_id: int = self._insert(
            "ops.yango_claims",
            "claim_id",
            driver_id=driver, milestone_value=milestone, lead_date=lead_date, claimed_at=moment(after, at),
            status=status, amount=amount,
        )  # fmt: skip
        return claim_id

    def pay(self, claim: int, amount: str, *, after: int = 30, at: time = NOON) -> None:
        self.connection.execute(
            "INSERT INTO ops.yango_payments (claim_id, driver_id, milestone_value, paid_at, amount)"
            " SELECT claim_id, driver_id, milestone_value, %s, %s FROM ops.yango_claims WHERE claim_id = %s",
            [moment(after, at), amount, claim],
        )

    def statement(self, *, after: int) -> None:
        self._insert("ops.yango_statements", statement_date=LEAD_DAY + timedelta(days=after))

    def matrix(self, driver: int = 1) -> Row:
        """The driver's only row."""
        (row,) = self.read(BASE_QUERY, driver)
        return row

    def read(self, relation: str, driver: int = 1) -> list[Row]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return list(cursor.execute(f"SELECT * FROM {relation} WHERE driver_id = %s", [driver]).fetchall())

    def _insert(self, table: str, returning: str = "1", **values: Any) -> Any:
        columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
        statement = f"INSERT INTO {table} ({columns}) VALUES ({places}) RETURNING {returning}"
        ((value,),) = self.connection.execute(statement, list(values.values())).fetchall()
        return value


def moment(after: int, at: time) -> datetime:
    return datetime.combine(LEAD_DAY + timedelta(days=after), at, LIMA)
