"""The 22 measures of each month worked out in plain Python, independently of the view's SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from tests.integration.teloo.system import BOGOTA, Connection, Row, mean, ratio, read_tables, seconds


def month_of(request: Row) -> date:
    day: date = request["creada_en"].astimezone(BOGOTA).date()
    return day.replace(day=1)


def next_month(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def expected_months(connection: Connection) -> list[dict[str, Any]]:
    """One row for every month from the first with a request to the last."""
    tables = read_tables(connection)
    requests: dict[date, list[Row]] = defaultdict(list)
    offers: dict[date, list[Row]] = defaultdict(list)
    month_of_request = {}
    for request in tables["solicitudes"]:
        month_of_request[request["id"]] = month_of(request)
        requests[month_of(request)].append(request)
    for offer in tables["ofertas"]:
        offers[month_of_request[offer["solicitud_id"]]].append(offer)

    rows = []
    month, last = min(requests, default=date.max), max(requests, default=date.min)
    while month <= last:
        rows.append({"mes": month, **month_measures(requests[month], offers[month])})
        month = next_month(month)
    return rows


def month_measures(requests: Sequence[Row], offers: Sequence[Row]) -> dict[str, Any]:
    def in_state(state: str) -> int:
        return sum(request["estado"] == state for request in requests)

    prices = [offer["precio"] for offer in offers]
    won = sum(offer["ganadora"] for offer in offers)
    accepted = [offer["precio"] for offer in offers if offer["aceptada_en"] is not None]
    closed = [request for request in requests if request["cerrada_en"] is not None]
    return {
        "solicitudes_creadas": len(requests),
        "solicitudes_aceptadas": in_state("ACEPTADA"),
        "solicitudes_rechazadas": in_state("RECHAZADA"),
        "solicitudes_expiradas": in_state("EXPIRADA"),
        "solicitudes_sin_ofertas": in_state("CERRADA_SIN_OFERTAS"),
        "tiempo_promedio_cierre_seg": mean([seconds(one["cerrada_en"], one["creada_en"]) for one in closed]),
        "ofertas_totales": len(offers),
        "ofertas_ganadoras": won,
        "ofertas_aceptadas": len(accepted),
        "precio_promedio_ofertas": mean(prices),
        "precio_minimo_ofertas": min(prices, default=None),
        "precio_maximo_ofertas": max(prices, default=None),
        "tiempo_entrega_promedio": mean([offer["tiempo_entrega_dias"] for offer in offers]),
        "garantia_promedio_meses": mean([offer["garantia_meses"] for offer in offers]),
        "clientes_activos": len({request["cliente_id"] for request in requests}),
        "asesores_activos": len({offer["asesor_id"] for offer in offers}),
        "marcas_vehiculos_solicitadas": len({request["marca_vehiculo"] for request in requests}),
        "volumen_transaccional_total": sum(accepted, Decimal(0)),
        "tasa_aceptacion_pct": ratio(100 * in_state("ACEPTADA"), len(requests)),
        "tasa_conversion_ofertas_pct": ratio(100 * won, len(offers)),
        "ofertas_promedio_por_solicitud": ratio(len(offers), len(requests)),
    }
