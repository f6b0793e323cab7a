"""Tiny months with literal answers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from tests.integration.teloo.columns import MONTHS_COLUMNS
from tests.integration.teloo.market import HOUR, Market
from tests.integration.teloo.system import BOGOTA

MARCH = date(2025, 3, 1)
NOON = datetime(2025, 3, 10, 12, tzinfo=BOGOTA)


def test_one_request_without_anything_else(market: Market) -> None:
    market.request(NOON)
    row = market.month(MARCH)
    assert [row.pop(name) for name in ("mes", "solicitudes_creadas", "clientes_activos")] == [MARCH, 1, 1]
    assert [row.pop(name) for name in ("marcas_vehiculos_solicitadas", "tasa_aceptacion_pct")] == [1, Decimal("0.00")]
    assert row.pop("volumen_transaccional_total") == Decimal("0.00")
    assert row.pop("ofertas_promedio_por_solicitud") == Decimal("0.00")
    counts = [name for name in row if name.startswith(("solicitudes_", "ofertas_"))]
    assert {row.pop(name) for name in [*counts, "asesores_activos"]} == {0}
    # nothing to take a mean or a share of
    assert set(row) == {
        "tiempo_promedio_cierre_seg",
        *("precio_promedio_ofertas", "precio_minimo_ofertas", "precio_maximo_ofertas"),
        *("tiempo_entrega_promedio", "garantia_promedio_meses", "tasa_conversion_ofertas_pct"),
    }
    assert set(row.values()) == {None}


def test_every_state_is_counted_once(market: Market) -> None:
    closed = NOON + HOUR
    for state in ("ACEPTADA", "ACEPTADA", "ACEPTADA", "RECHAZADA", "RECHAZADA", "EXPIRADA"):
        market.request(NOON, closed=closed, estado=state)
    market.request(NOON, closed=NOON + 3 * HOUR, estado="CERRADA_SIN_OFERTAS")
    market.request(NOON, estado="EVALUADA")
    market.request(NOON)
    row = market.month(MARCH)
    assert [row[name] for name in list(MONTHS_COLUMNS)[1:6]] == [9, 3, 2, 1, 1]
    assert row["tasa_aceptacion_pct"] == Decimal("33.33")
    assert row["tiempo_promedio_cierre_seg"] == Decimal("4628.57")  # 32400 / 7; two are open


def test_requests_are_not_counted_once_per_offer(market: Market) -> None:
    """Three offers to one request, one to another, none to a third."""
    advisors = [market.advisor(number) for number in (1, 2, 3)]
    first = market.request(NOON, closed=NOON + 2 * HOUR, estado="ACEPTADA")
    second, _ = market.request(NOON, marca_vehiculo="KIA"), market.request(NOON)
    accepted = {"ganadora": True, "aceptada_en": NOON + 2 * HOUR}
    market.offer(advisors[0], first, NOON + HOUR, price="100.00", tiempo_entrega_dias=1, garantia_meses=1, **accepted)
    market.offer(advisors[1], first, NOON + HOUR, price="250.50", tiempo_entrega_dias=2, garantia_meses=12)
    market.offer(advisors[2], first, NOON + HOUR, price="300.00", tiempo_entrega_dias=0, garantia_meses=6)
    market.offer(
        advisors[0], second, NOON + HOUR, price="90.01", tiempo_entrega_dias=2, garantia_meses=3, ganadora=True
    )

    row = market.month(MARCH)
    assert row["solicitudes_creadas"] == 3
    assert row["solicitudes_aceptadas"] == 1
    assert row["tiempo_promedio_cierre_seg"] == Decimal("7200.00")
    assert [row[f"ofertas_{name}"] for name in ("totales", "ganadoras", "aceptadas")] == [4, 2, 1]
    assert row["precio_promedio_ofertas"] == Decimal("185.13")  # 740.51 / 4 = 185.1275
    assert [row["precio_minimo_ofertas"], row["precio_maximo_ofertas"]] == [Decimal("90.01"), Decimal("300.00")]
    assert row["tiempo_entrega_promedio"] == Decimal("1.25")
    assert row["garantia_promedio_meses"] == Decimal("5.50")
    assert [row["clientes_activos"], row["asesores_activos"], row["marcas_vehiculos_solicitadas"]] == [1, 3, 2]
    assert row["volumen_transaccional_total"] == Decimal("100.00")
    assert row["tasa_aceptacion_pct"] == Decimal("33.33")
    assert row["tasa_conversion_ofertas_pct"] == Decimal("50.00")
    assert row["ofertas_promedio_por_solicitud"] == Decimal("1.33")


def test_what_comes_of_a_request_counts_in_its_own_month(market: Market) -> None:
    """Created on the last evening of March; offer, acceptance and delivery in April."""
    advisor = market.advisor(1)
    created = datetime(2025, 3, 31, 23, 30, tzinfo=BOGOTA)
    request = market.request(created, closed=created + 20 * HOUR, estado="ACEPTADA")
    market.offer(advisor, request, created + HOUR, ganadora=True, aceptada_en=created + 20 * HOUR)
    months = market.months()
    assert list(months) == [MARCH]
    assert months[MARCH]["ofertas_totales"] == months[MARCH]["asesores_activos"] == 1
    assert months[MARCH]["volumen_transaccional_total"] == Decimal("100.00")


def test_a_month_begins_at_midnight_in_bogota(market: Market) -> None:
    """05:00 UTC: the last microsecond before is of the old month, and of the old year."""
    for begins in (datetime(2025, 1, 1, 5, tzinfo=UTC), datetime(2025, 2, 1, 5, tzinfo=UTC)):
        market.request(begins)
        market.request(begins - timedelta(microseconds=1), marca_vehiculo="KIA")
    found = {month: row["solicitudes_creadas"] for month, row in market.months().items()}
    assert found == {date(2024, 12, 1): 1, date(2025, 1, 1): 2, date(2025, 2, 1): 1}


def test_months_without_data_have_a_row_of_zeros_between_the_first_and_the_last(market: Market) -> None:
    market.request(datetime(2024, 11, 30, 12, tzinfo=BOGOTA))
    market.request(datetime(2025, 3, 1, 12, tzinfo=BOGOTA))
    months = market.months()
    assert list(months) == [date(2024, 11, 1), date(2024, 12, 1), date(2025, 1, 1), date(2025, 2, 1), MARCH]
    empty = months[date(2025, 1, 1)]
    zeros = {name for name, value in empty.items() if value == 0}
    assert zeros == {
        *(name for name in empty if name.startswith("solicitudes_")),
        *("ofertas_totales", "ofertas_ganadoras", "ofertas_aceptadas", "volumen_transaccional_total"),
        *("clientes_activos", "asesores_activos", "marcas_vehiculos_solicitadas"),
    }
    assert {empty[name] for name in empty.keys() - zeros - {"mes"}} == {None}


def test_a_client_or_an_advisor_is_counted_once_a_month(market: Market) -> None:
    market.client(2)
    advisor = market.advisor(1)
    for client, month in ((1, 3), (1, 3), (2, 3), (1, 4)):
        sent = datetime(2025, month, 10, 12, tzinfo=BOGOTA)
        market.offer(advisor, market.request(sent, cliente_id=client), sent)
    counted = {
        month.month: (row["clientes_activos"], row["asesores_activos"]) for month, row in market.months().items()
    }
    assert counted == {3: (2, 1), 4: (1, 1)}


def test_means_are_rounded_once_halves_away_from_zero(market: Market) -> None:
    advisor = market.advisor(1)
    for price in ("0.01", "0.02"):
        market.offer(
            advisor, market.request(NOON, closed=NOON + timedelta(milliseconds=5), estado="EXPIRADA"), NOON, price=price
        )
    row = market.month(MARCH)
    assert row["precio_promedio_ofertas"] == Decimal("0.02")  # of 0.015
    assert row["tiempo_promedio_cierre_seg"] == Decimal("0.01")  # of 0.005
