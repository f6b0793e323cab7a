"""Names of the system's objects, and what a test does with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

SYSTEM = Path(__file__).parents[3] / "sql" / "systems" / "teloo"
MONTHS, RANKING = "teloo.mv_metricas_mensuales", "teloo.mv_ranking_asesores"
KEYS = {MONTHS: "mes", RANKING: "asesor_id"}
TABLES = {
    "clientes": "id",
    "asesores": "id",
    "solicitudes": "id",
    "ofertas": "id",
    "evaluaciones": "oferta_id",
    "auditorias": "id",
    "notificaciones": "id",
}
# Colombia has had no daylight saving time since 1993. A fixed offset, so that the expectation does not depend on the
# zone data that the views themselves use.
BOGOTA = timezone(timedelta(hours=-5))

Connection = psycopg.Connection[Any]
Row = Mapping[str, Any]


def base_query(view: str) -> str:
    """The ordinary view that a materialized view stores."""
    return view.replace(".mv_", ".v_")


def today_in_bogota(connection: Connection) -> date:
    """The day of the transaction's now(): stays the same in it, even over midnight."""
    row = connection.execute("SELECT now()").fetchone()
    assert row is not None
    now: datetime = row[0]
    return now.astimezone(BOGOTA).date()


def start_of(day: date) -> datetime:
    """Midnight in Bogota."""
    return datetime.combine(day, time(0), BOGOTA)


def read(connection: Connection, relation: str) -> list[dict[str, Any]]:
    """The rows of a view, base query or table, by its key."""
    (key,) = [key for view, key in KEYS.items() if relation in (view, base_query(view))]
    query = sql.SQL("SELECT * FROM {} ORDER BY {}")
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(query.format(sql.SQL(relation), sql.Identifier(key))).fetchall()


def read_tables(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return {
            table: cursor.execute(sql.SQL("TABLE {}").format(sql.Identifier("teloo", table))).fetchall()
            for table in TABLES
        }


def generate(connection: Connection, solicitudes: int, as_of: date | None = None) -> None:
    """Sample data, by default of the days before today."""
    if as_of is None:
        connection.execute("SELECT teloo.generate_sample_data(%s)", [solicitudes])
    else:
        connection.execute("SELECT teloo.generate_sample_data(%s, %s)", [solicitudes, as_of])


def rounded(value: Fraction) -> Decimal:
    """Two decimals, halves away from zero (no measure is negative)."""
    return Decimal(floor(value * 100 + Fraction(1, 2))).scaleb(-2)


def ratio(part: Decimal | int, whole: Decimal | int) -> Decimal | None:
    """Rounded; None of nothing."""
    return rounded(Fraction(part) / Fraction(whole)) if whole else None


def mean(values: list[Any]) -> Decimal | None:
    """Rounded; None of no values."""
    return rounded(sum(map(Fraction, values), Fraction()) / len(values)) if values else None


def seconds(later: datetime, earlier: datetime) -> Fraction:
    """Exact to the microsecond."""
    return Fraction((later - earlier) // timedelta(microseconds=1), 1_000_000)
