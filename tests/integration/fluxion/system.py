"""Names of the system's objects, and what a test does with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg

SYSTEM = Path(__file__).parents[3] / "sql" / "systems" / "fluxion"
MATERIALIZED_VIEW = "fluxion.mv_ubicaciones_summary_regional"
BASE_QUERY = "fluxion.v_ubicaciones_summary_regional"
SELECT_BASE_QUERY = "SELECT * FROM fluxion.v_ubicaciones_summary_regional"
SELECT_VIEW = "SELECT * FROM fluxion.mv_ubicaciones_summary_regional"
REFRESH = "REFRESH MATERIALIZED VIEW fluxion.mv_ubicaciones_summary_regional"
REFRESH_CONCURRENTLY = "REFRESH MATERIALIZED VIEW CONCURRENTLY fluxion.mv_ubicaciones_summary_regional"
TABLES = {
    "ubicaciones": "id",
    "almacenes": 'ubicacion_id, codigo COLLATE "C"',
    "productos": "id",
    "inventario": 'ubicacion_id, almacen_codigo COLLATE "C", producto_id',
    "ventas": "id",
}
# Of generate_sample_data(12345, '2025-02-14'), and of what add_sample_sales changes then.
GENERATED = {
    "ubicaciones": "9e3804c18613c466d2a9f9d18fb0b406",
    "almacenes": "df02578ebc48ad05522559ecfade420b",
    "productos": "60e59f10837c0bb9f71ca19a5b7ce4b6",
    "inventario": "d7e0d9cad0c57ec022139206c6c3e585",
    "ventas": "50d8c4a1489ba1c4a03b236d588c15c5",
}
AFTER_NEW_SALES = {
    "inventario": "793c8c38840167c4139d04e188ea13d4",
    "ventas": "6ae6ba5f4654a7944667ec30349c70c4",
}
# Venezuela has had no daylight saving time since 2016. A fixed offset, so that the expectation does not depend on the
# zone data that the view itself uses.
CARACAS = timezone(timedelta(hours=-4))

Connection = psycopg.Connection[Any]
Row = Mapping[str, Any]


def today_in_caracas(connection: Connection) -> date:
    """The day of the transaction's now(): stays the same in it, even over midnight."""
    row = connection.execute("SELECT now()").fetchone()
    assert row is not None
    now: datetime = row[0]
    return now.astimezone(CARACAS).date()


def read_summary(connection: Connection, query: str = SELECT_BASE_QUERY) -> list[tuple[Any, ...]]:
    order = 'region COLLATE "C", tipo COLLATE "C" DESC, ubicacion_nombre COLLATE "C", almacen_codigo COLLATE "C"'
    return connection.execute(f"{query} ORDER BY {order}").fetchall()


def generate(connection: Connection, sales: int, as_of: date | None = None) -> None:
    if as_of is None:
        connection.execute("SELECT fluxion.generate_sample_data(%s)", [sales])
    else:
        connection.execute("SELECT fluxion.generate_sample_data(%s, %s)", [sales, as_of])
