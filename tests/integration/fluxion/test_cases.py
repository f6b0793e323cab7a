"""Tiny cases with literal answers."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal

import pytest
from psycopg import sql

from tests.integration.fluxion.shop import Shop
from tests.integration.fluxion.system import read_summary


def test_a_warehouse_without_inventory_has_its_row(shop: Shop) -> None:
    assert shop.measures() == {
        "region": "CARACAS",
        "ubicacion_id": 1,
        "ubicacion_nombre": "Tienda Chacao",
        "tipo": "tienda",
        "almacen_codigo": "PISO",
        "total_skus": 0,
        "skus_con_stock": 0,
        "stock_cero": 0,
        "stock_negativo": 0,
        "ultima_actualizacion": None,
        "fill_rate": None,
        "dias_cobertura_a": None,
        "dias_cobertura_b": None,
        "dias_cobertura_c": None,
        "riesgo_quiebre": 0,
    }


def test_stock_without_sales_has_neither_cover_nor_risk(shop: Shop) -> None:
    shop.stock(1, "5", updated=datetime(2025, 3, 1, 10, tzinfo=UTC))
    shop.stock(2, "0", updated=datetime(2025, 3, 1, 11, tzinfo=UTC))
    shop.stock(3, "-0.001", updated=datetime(2025, 3, 1, 9, tzinfo=UTC))

    row = shop.measures()
    assert [row[name] for name in ("total_skus", "skus_con_stock", "stock_cero", "stock_negativo")] == [3, 1, 1, 1]
    assert row["ultima_actualizacion"] == datetime(2025, 3, 1, 11, tzinfo=UTC)
    assert [row[name] for name in ("fill_rate", "dias_cobertura_a", "dias_cobertura_c")] == [None, None, None]
    assert row["riesgo_quiebre"] == 0


def test_cover_is_stock_over_p75_and_a_day_without_a_sale_is_a_zero(shop: Shop) -> None:
    shop.stock(1, "10")
    # The 8th largest of 30 days: 23 of them are not above it.
    for days_ago, quantity in enumerate(["9", "8", "7", "6", "5", "4", "3.5", "3"], start=1):
        shop.sell(1, quantity, days_ago=days_ago)

    row = shop.measures()
    assert (row["dias_cobertura_a"], row["fill_rate"], row["riesgo_quiebre"]) == (Decimal("3.33"), Decimal("100.00"), 0)


def test_a_product_sold_on_fewer_than_eight_days_has_no_demand(shop: Shop) -> None:
    shop.stock(1, "10")
    for days_ago in range(1, 8):
        shop.sell(1, "100", days_ago=days_ago)

    row = shop.measures()
    assert (row["dias_cobertura_a"], row["fill_rate"], row["riesgo_quiebre"]) == (None, None, 0)


def test_several_sales_of_a_day_are_one_day_of_demand(shop: Shop) -> None:
    shop.stock(1, "10")
    for _ in range(8):
        shop.sell(1, "1", days_ago=5)

    assert shop.measures()["fill_rate"] is None


@pytest.mark.parametrize(
    ("days_ago", "at", "cover"),
    [
        (0, time(0), None),
        (1, time(23, 59, 59, 999_999), Decimal("10.00")),
        (30, time(0), Decimal("10.00")),
        (31, time(23, 59, 59, 999_999), None),
    ],
    ids=["today", "yesterday to the last moment", "from midnight 30 days ago", "31 days ago"],
)
def test_the_30_days_are_complete_days_of_caracas(shop: Shop, days_ago: int, at: time, cover: Decimal | None) -> None:
    shop.stock(1, "10")
    for other in range(2, 9):
        shop.sell(1, "1", days_ago=other)
    shop.sell(1, "1", days_ago=days_ago, at=at)  # the eighth day, if it counts

    assert shop.measures()["dias_cobertura_a"] == cover


def test_a_sale_belongs_to_its_day_in_caracas_and_not_in_utc(shop: Shop) -> None:
    shop.stock(1, "10")
    for days_ago in range(2, 9):
        shop.sell(1, "1", days_ago=days_ago)
    shop.sell(
        1, "1", days_ago=2, at=time(23, 30)
    )  # half past three of the next day in UTC, which would be an eighth day

    assert shop.measures()["dias_cobertura_a"] is None


def test_negative_stock_counts_as_none_of_it_available(shop: Shop) -> None:
    shop.stock(1, "-5")
    shop.stock(2, "4")
    shop.sell_daily(1, "2")
    shop.sell_daily(2, "2")

    row = shop.measures()
    assert row["stock_negativo"] == 1
    assert row["dias_cobertura_a"] == Decimal("1.00")  # the mean of 0 and 2 days
    assert row["fill_rate"] == Decimal("50.00")
    assert row["riesgo_quiebre"] == 2


def test_fill_rate_weighs_by_units(shop: Shop) -> None:
    shop.stock(1, "9")
    shop.stock(2, "0")
    shop.sell_daily(1, "3")
    shop.sell_daily(2, "1.5")

    assert shop.measures()["fill_rate"] == Decimal("66.67")


@pytest.mark.parametrize(("stock", "risk"), [("5.999", 1), ("6", 0)])
def test_stock_for_less_than_three_days_is_at_risk(shop: Shop, stock: str, risk: int) -> None:
    shop.stock(1, stock)
    shop.sell_daily(1, "2")

    assert shop.measures()["riesgo_quiebre"] == risk


def test_abc_limits_are_80_and_95_percent_of_sales_value(shop: Shop) -> None:
    # Shares of value 70, 15, 10, 5: before them stand 0, 70, 85 and 95 percent. The second crosses the 80.
    for product, (cover, price) in enumerate([("1", "7.00"), ("3", "1.50"), ("5", "1.00"), ("7", "0.50")], start=1):
        shop.stock(product, cover)
        shop.sell_daily(product, "1", price=price)

    row = shop.measures()
    assert row["dias_cobertura_a"] == Decimal("2.00")  # the mean of 1 and 3
    assert row["dias_cobertura_b"] == Decimal("5.00")
    assert row["dias_cobertura_c"] == Decimal("7.00")


def test_abc_ties_go_to_the_lower_product_id(shop: Shop) -> None:
    # Four equal shares: 0, 25, 50 and 75 percent before are all A; a fifth equal one makes the last begin at 80: B.
    for product in (5, 3, 1, 4, 2):
        shop.stock(product, str(product))
        shop.sell_daily(product, "1")

    row = shop.measures()
    assert row["dias_cobertura_a"] == Decimal("2.50")
    assert row["dias_cobertura_b"] == Decimal("5.00")
    assert row["dias_cobertura_c"] is None


def test_the_only_product_sold_is_class_a_and_one_given_away_is_class_c(shop: Shop) -> None:
    shop.stock(1, "6")
    shop.stock(2, "8")
    shop.sell_daily(1, "1")
    shop.sell_daily(2, "1", price="0.00")

    row = shop.measures()
    assert (row["dias_cobertura_a"], row["dias_cobertura_b"], row["dias_cobertura_c"]) == (
        Decimal("6.00"),
        None,
        Decimal("8.00"),
    )


def test_sales_of_what_is_no_sku_of_the_warehouse_count_nowhere(shop: Shop) -> None:
    shop.stock(1, "10")
    shop.stock(2, "10", active=False, updated=datetime(2025, 6, 1, tzinfo=UTC))
    shop.product(3)  # sold here without an inventory row
    for product in (1, 2, 3):
        shop.sell_daily(product, "1", price="1.00" if product == 1 else "900.00")

    row = shop.measures()
    assert (row["total_skus"], row["skus_con_stock"]) == (1, 1)
    assert row["ultima_actualizacion"] == datetime(2025, 1, 1, tzinfo=UTC)
    assert row["dias_cobertura_a"] == Decimal("10.00")


@pytest.mark.parametrize("table", ["ubicaciones", "almacenes"])
def test_what_is_closed_leaves_the_summary(shop: Shop, table: str) -> None:
    shop.stock(1, "10")
    shop.connection.execute(sql.SQL("UPDATE {} SET activo = false").format(sql.Identifier("fluxion", table)))

    assert read_summary(shop.connection) == []
