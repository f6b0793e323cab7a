"""The measures worked out in plain Python, independently of the view's SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any

from psycopg import sql
from psycopg.rows import dict_row

from tests.integration.fluxion.system import CARACAS, TABLES, Connection, Row, today_in_caracas


def rounded(value: Fraction) -> Decimal:
    """Two decimals, halves away from zero (no measure is negative)."""
    return Decimal(floor(value * 100 + Fraction(1, 2))).scaleb(-2)


def mean(values: Sequence[Decimal]) -> Decimal | None:
    return rounded(sum(map(Fraction, values), Fraction()) / len(values)) if values else None


def p75_with_zero_days(units_by_day: Mapping[date, Decimal]) -> Decimal:
    """The nearest-rank 75th percentile of the last 30 complete days, of which some have no sale."""
    days = sorted([*units_by_day.values(), *[Decimal(0)] * (30 - len(units_by_day))])
    return days[ceil(Fraction(75, 100) * 30) - 1]


def abc_classes(sales_value: Mapping[int, Decimal]) -> dict[int, str]:
    """The class of each product: by the share of all value that the products before it have, equals by id."""
    total = sum(sales_value.values())
    before = Decimal(0)
    classes = {}
    for product in sorted(sales_value, key=lambda product: (-sales_value[product], product)):
        classes[product] = "A" if before < total * Decimal("0.80") else "B" if before < total * Decimal("0.95") else "C"
        before += sales_value[product]
    return classes


def expected_summary(connection: Connection) -> list[tuple[Any, ...]]:
    """All 15 columns of every row, from the tables' rows."""
    tables = {}
    with connection.cursor(row_factory=dict_row) as cursor:
        for table in TABLES:
            tables[table] = cursor.execute(sql.SQL("TABLE {}").format(sql.Identifier("fluxion", table))).fetchall()
    active = {product["id"] for product in tables["productos"] if product["activo"]}
    stock: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for row in tables["inventario"]:
        if row["producto_id"] in active:
            stock[row["ubicacion_id"], row["almacen_codigo"]].append(row)
    window = [today_in_caracas(connection) - timedelta(days=n) for n in range(1, 31)]
    sales: dict[tuple[int, str], list[Row]] = defaultdict(list)
    for sale in tables["ventas"]:
        if sale["fecha"].astimezone(CARACAS).date() in window:
            sales[sale["ubicacion_id"], sale["almacen_codigo"]].append(sale)

    summary = []
    locations = {location["id"]: location for location in tables["ubicaciones"] if location["activo"]}
    for warehouse in tables["almacenes"]:
        location = locations.get(warehouse["ubicacion_id"])
        if location is not None and warehouse["activo"]:
            key = (location["id"], warehouse["codigo"])
            head = (location["region"], location["id"], location["nombre"], location["tipo"], warehouse["codigo"])
            summary.append(head + warehouse_measures(stock[key], sales[key]))
    summary.sort(key=lambda row: (row[2], row[4]))
    summary.sort(key=lambda row: row[3], reverse=True)
    summary.sort(key=lambda row: row[0])
    return summary


def warehouse_measures(stock: Sequence[Row], sales: Sequence[Row]) -> tuple[Any, ...]:
    """The ten measures of one warehouse, from the inventory of its SKUs and its sales of the last 30 days."""
    units: dict[int, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    value = {row["producto_id"]: Decimal(0) for row in stock}
    for sale in sales:
        if sale["producto_id"] in value:
            units[sale["producto_id"]][sale["fecha"].astimezone(CARACAS).date()] += sale["cantidad"]
            value[sale["producto_id"]] += sale["cantidad"] * sale["precio_unitario"]
    p75 = {product: p75_with_zero_days(units[product]) for product in value}
    available = {row["producto_id"]: max(row["cantidad"], Decimal(0)) for row in stock}
    classes = abc_classes(value)

    cover: dict[str, list[Decimal]] = defaultdict(list)
    for product in sorted(value):
        if p75[product] > 0:
            cover[classes[product]].append(rounded(Fraction(available[product]) / Fraction(p75[product])))
    demand = sum(map(Fraction, p75.values()))
    served = sum(min(Fraction(available[product]), Fraction(p75[product])) for product in value)
    quantities = [row["cantidad"] for row in stock]
    return (
        len(stock),
        sum(quantity > 0 for quantity in quantities),
        sum(quantity == 0 for quantity in quantities),
        sum(quantity < 0 for quantity in quantities),
        max((row["actualizado_en"] for row in stock), default=None),
        rounded(100 * served / demand) if demand else None,
        mean(cover["A"]),
        mean(cover["B"]),
        mean(cover["C"]),
        sum(available[product] < 3 * p75[product] for product in value),
    )
